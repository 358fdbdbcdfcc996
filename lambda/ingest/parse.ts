import type { SQSRecord } from "aws-lambda";
import { Sensitive } from "../masking/sensitive.ts";
import type { Column, Pipeline } from "../pipelines/pipeline.ts";
import { dateOf, dateOfMillis } from "./dates.ts";
import type { Message, Rejection, RejectionCode, RowKey } from "./message.ts";
import { envelopeOf } from "./wrapped.ts";

type Body = Record<string, unknown>;
type Fault = Pick<Rejection, "code" | "field" | "hint">;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const EVENT_ID = /^[A-Za-z0-9._:-]{1,128}$/;

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
  const key = keyOf(record, body as Body, pipeline);
  if (isFault(key)) return reject(key);
  return {
    kind: "message",
    index,
    key,
    values: new Sensitive(values),
    unknownFields: new Sensitive(unknownFields(body as Body, pipeline)),
  };
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

/**
 * The row's key (rule 3 of docs/decisions.md). The first of these that counts: the producer's `event-id`, where the pipeline
 * asks for it; the id that our own redrive sends along; the SQS message id. A date never comes from a delivery that can change.
 */
function keyOf(record: SQSRecord, body: Body, pipeline: Pipeline): RowKey | Fault {
  const attribute = (name: string) => record.messageAttributes?.[name]?.stringValue;
  // Present without a string (a Binary attribute) is not absent: the producer meant it to count.
  const sent = record.messageAttributes?.["event-id"];
  const eventId = pipeline.once === "event-id" && sent ? (sent.stringValue ?? "") : undefined;
  if (eventId !== undefined && !EVENT_ID.test(eventId)) return fault("bad_event_id", "event-id");
  const redriven = attribute("masqueue-id");
  const id = eventId ?? (redriven && UUID.test(redriven) ? redriven.toLowerCase() : record.messageId);

  const stated = fieldOf(body, pipeline.dateColumn) ?? undefined;
  if (stated !== undefined && typeof stated !== "string") return fault("wrong_type", pipeline.dateColumn);
  const [given, field] =
    stated !== undefined || eventId === undefined ? [stated, pipeline.dateColumn] : [attribute("event-time"), "event-time"];
  if (given !== undefined) {
    const date = dateOf(given);
    return date === null ? fault("bad_date", field) : { date, id };
  }
  if (eventId !== undefined) return fault("missing_field", pipeline.dateColumn);
  const date = dateOfMillis(attribute("masqueue-sent")) ?? dateOfMillis(record.attributes?.SentTimestamp);
  return date === null ? fault("missing_field", pipeline.dateColumn) : { date, id };
}

function unknownFields(body: Body, pipeline: Pipeline): string[] {
  return Object.keys(body).filter((name) => !pipeline.knownFields.has(name));
}
