import type { SQSRecord } from "aws-lambda";
import { Sensitive } from "../masking/sensitive.ts";
import type { Column, Pipeline } from "../pipelines/pipeline.ts";
import type { RowKey } from "../rows/masked-row.ts";
import { type Rejection, reject } from "../rows/outcome.ts";
import { findWrappedField } from "./envelope.ts";
import { readKey } from "./row-key.ts";

/** A parsed message: its key is open, every other value from its body is sensitive. */
export interface Message {
  readonly kind: "message";
  readonly key: RowKey;
  /** One value for each column of the pipeline, in its order; null for the date column, whose value is in the key. */
  readonly values: Sensitive<readonly (string | null)[]>;
  /** Names in the body that the pipeline does not declare. A name can be personal, too. */
  readonly unknownFields: Sensitive<readonly string[]>;
}

type Body = Record<string, unknown>;

/** Reads one record by its pipeline's declaration. Pure, and never throws because of a record's content. */
export function parse(record: SQSRecord, pipeline: Pipeline): Message | Rejection {
  let body: unknown;
  try {
    body = JSON.parse(record.body);
  } catch {
    return reject("not_json");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) return reject("not_an_object");
  const wrapped = findWrappedField(body);
  if (wrapped) return reject("wrapped", wrapped);

  const values: (string | null)[] = [];
  for (const column of pipeline.columns) {
    const value = column.kind === "date" ? null : readValue(readField(body as Body, column.from), column);
    if (typeof value === "object" && value !== null) return value;
    values.push(value);
  }
  const key = readKey(record, readField(body as Body, pipeline.dateColumn) ?? undefined, pipeline);
  if ("code" in key) return key;
  const unknown = Object.keys(body).filter((name) => !pipeline.knownFields.has(name));
  return { kind: "message", key, values: new Sensitive(values), unknownFields: new Sensitive(unknown) };
}

/** Own properties only: a column may be called `constructor`. */
function readField(body: Body, name: string): unknown {
  return Object.hasOwn(body, name) ? body[name] : undefined;
}

function readValue(value: unknown, column: Exclude<Column, { kind: "date" }>): string | null | Rejection {
  const { from } = column;
  const isText = column.kind === "text";
  if (value === undefined || value === null) return isText && column.required ? reject("missing_field", from) : null;
  const text = isText && column.numbers && Number.isFinite(value) ? String(value) : value;
  if (typeof text !== "string") return reject("wrong_type", from);
  if (text.includes("\0")) return reject("nul_character", from);
  if (!text.isWellFormed()) return reject("lone_surrogate", from);
  if (isText && isLonger(text, column.max)) return reject("too_long", from);
  return text;
}

/** Counts in code points, as Postgres does. A string never has more code points than UTF-16 units. */
function isLonger(text: string, max: number): boolean {
  return text.length > max && Array.from(text).length > max;
}
