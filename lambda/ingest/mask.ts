import { inspect } from "node:util";
import { reveal } from "../masking/sensitive.ts";
import type { Tokenizer } from "../masking/tokens.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { Message, RowKey } from "./message.ts";

let make: (key: RowKey, cells: readonly (string | null)[], maskedAsText: number) => MaskedRow;

/** A row that may be stored: made by {@link mask} alone, and silent when printed. */
export class MaskedRow {
  readonly key: RowKey;
  /** Values that did not have the form of their column (no IP address) and were masked as text. */
  readonly maskedAsText: number;
  readonly #cells: readonly (string | null)[];

  private constructor(key: RowKey, cells: readonly (string | null)[], maskedAsText: number) {
    this.key = key;
    this.#cells = cells;
    this.maskedAsText = maskedAsText;
  }

  static {
    make = (key, cells, maskedAsText) => new MaskedRow(key, cells, maskedAsText);
  }

  /** What stands in each column: the pipeline's, in its order, then `message_id`. */
  cells(): readonly (string | null)[] {
    return this.#cells;
  }

  toJSON(): string {
    return "[masked row]";
  }

  [inspect.custom](): string {
    return "[masked row]";
  }
}

/** Replaces each personal field by its token. Pure: the keys are in the tokenizer. */
export function mask(message: Message, pipeline: Pipeline, tokenize: Tokenizer): MaskedRow {
  const { key } = message;
  const values = reveal(message.values);
  let maskedAsText = 0;
  const cells = pipeline.columns.map((column, i) => {
    if (column.kind === "date") return key.date;
    const value = values[i] ?? null;
    if (column.kind !== "masked" || value === null) return value;
    const masked = tokenize(column, value);
    if (masked?.asText) maskedAsText++;
    return masked?.token ?? null;
  });
  cells.push(key.id);
  return make(key, cells, maskedAsText);
}
