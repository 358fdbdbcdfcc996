import type { SQSRecord } from "aws-lambda";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { dateOf, dateOfMillis } from "./dates.ts";
import type { Fault, RowKey } from "./message.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const EVENT_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * The id half of a record's key, which its body does not change. The first of these that counts: the
 * producer's `event-id`, where the pipeline asks for it; the id that our own redrive sends along; the SQS message id.
 */
export function idOf(record: SQSRecord, pipeline: Pipeline): string | Fault {
  const eventId = eventIdOf(record, pipeline);
  if (eventId !== undefined) return EVENT_ID.test(eventId) ? eventId : { code: "bad_event_id", field: "event-id" };
  const redriven = attributeOf(record, "masqueue-id");
  return redriven !== undefined && UUID.test(redriven) ? redriven.toLowerCase() : record.messageId;
}

/**
 * The whole key. A date never comes from a delivery that can change: it is the body's, or that of the first sending; where an
 * `event-id` counts, only what the producer sends along with it, or a retry after midnight would be a second row.
 * @param stated what stands in the body's date field; undefined where nothing does
 */
export function keyOf(record: SQSRecord, stated: unknown, pipeline: Pipeline): RowKey | Fault {
  const id = idOf(record, pipeline);
  if (typeof id !== "string") return id;
  const { dateColumn } = pipeline;
  if (stated !== undefined) {
    if (typeof stated !== "string") return { code: "wrong_type", field: dateColumn };
    return keyAt(dateOf(stated), id, { code: "bad_date", field: dateColumn });
  }
  const missing: Fault = { code: "missing_field", field: dateColumn };
  if (eventIdOf(record, pipeline) === undefined) {
    return keyAt(dateOfMillis(attributeOf(record, "masqueue-sent")) ?? dateOfMillis(record.attributes?.SentTimestamp), id, missing);
  }
  const time = attributeOf(record, "event-time");
  return time === undefined ? missing : keyAt(dateOf(time), id, { code: "bad_date", field: "event-time" });
}

function keyAt(date: string | null, id: string, fault: Fault): RowKey | Fault {
  return date === null ? fault : { date, id };
}

function attributeOf(record: SQSRecord, name: string): string | undefined {
  return record.messageAttributes?.[name]?.stringValue;
}

/** Present without a string (a Binary attribute) is not absent: the producer meant it to count. */
function eventIdOf(record: SQSRecord, pipeline: Pipeline): string | undefined {
  const sent = pipeline.once === "event-id" ? record.messageAttributes?.["event-id"] : undefined;
  return sent && (sent.stringValue ?? "");
}
