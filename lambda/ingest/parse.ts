import type { SQSRecord } from "aws-lambda";
import { Sensitive } from "../masking/sensitive.ts";
import type { Column, Pipeline } from "../pipelines/pipeline.ts";
import { envelopeOf } from "./envelope.ts";
import type { Fault, Message, Rejection, RejectionCode, RowKey } from "./message.ts";
import { keyOf } from "./row-key.ts";

type Body = Record<string, unknown>;

/**
 * Reads one record by its pipeline's declaration. Pure, and never throws for what a record holds.
 * @param index the record's position in the batch, carried along for the report
 */
export function parse(record: SQSRecord, index: number, pipeline: Pipeline): Message | Rejection {
  const reject = (fault: Fault): Rejection => ({ kind: "rejection", index, ...fault });
  let body: unknown;
  try {
    body = JSON.parse(record.body);
  } catch {
    return reject(fault("not_json"));
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) return reject(fault("not_an_object"));
  const envelope = envelopeOf(body);
  if (envelope) return reject({ code: "wrapped", ...envelope });

  const values: (string | null)[] = [];
  for (const column of pipeline.columns) {
    const value = column.kind === "date" ? null : readValue(fieldOf(body as Body, column.from), column);
    if (isFault(value)) return reject(value);
    values.push(value);
  }
  const key = keyOf(record, fieldOf(body as Body, pipeline.dateColumn) ?? undefined, pipeline);
  if (isFault(key)) return reject(key);
  const unknown = Object.keys(body).filter((name) => !pipeline.knownFields.has(name));
  return { kind: "message", index, key, values: new Sensitive(values), unknownFields: new Sensitive(unknown) };
}

function fault(code: RejectionCode, field: string | null = null): Fault {
  return { code, field };
}

function isFault(value: string | null | RowKey | Fault): value is Fault {
  return typeof value === "object" && value !== null && "code" in value;
}

/** Own properties only: a column may be called `constructor`. */
function fieldOf(body: Body, name: string): unknown {
  return Object.hasOwn(body, name) ? body[name] : undefined;
}

function readValue(value: unknown, column: Exclude<Column, { kind: "date" }>): string | null | Fault {
  const { from } = column;
  const isText = column.kind === "text";
  if (value === undefined || value === null) return isText && column.required ? fault("missing_field", from) : null;
  const text = isText && column.numbers && Number.isFinite(value) ? String(value) : value;
  if (typeof text !== "string") return fault("wrong_type", from);
  if (text.includes("\0")) return fault("nul_character", from);
  if (!text.isWellFormed()) return fault("lone_surrogate", from);
  if (isText && isLonger(text, column.max)) return fault("too_long", from);
  return text;
}

/** Counted in code points, as Postgres does; a string never has more of them than UTF-16 units. */
function isLonger(text: string, max: number): boolean {
  return text.length > max && Array.from(text).length > max;
}
