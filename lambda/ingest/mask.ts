import { reveal } from "../masking/sensitive.ts";
import type { Tokenizer } from "../masking/tokens.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { MaskedRow } from "../rows/masked-row.ts";
import type { Message } from "./parse.ts";

/**
 * Replaces each personal field by its token. Pure: the tokenizer holds the keys.
 * @param positions of the records in the batch that have this row
 * @returns the row, and the number of its values that lack the form of their column (an IP address) and were masked as text
 */
export function mask(message: Message, positions: readonly number[], pipeline: Pipeline, tokenize: Tokenizer) {
  const { key } = message;
  const values = reveal(message.values);
  let asText = 0;
  const cells = pipeline.columns.map((column, i) => {
    if (column === pipeline.keyDate) return key.date;
    const value = values[i] ?? null;
    if (column.kind !== "masked" || value === null) return value;
    const masked = tokenize(column, value);
    if (masked?.asText) asText++;
    return masked?.token ?? null;
  });
  cells.push(key.id);
  return { row: new MaskedRow(key, positions, cells), asText };
}
