import type { SQSRecord } from "aws-lambda";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { RowKey } from "../rows/masked-row.ts";
import { type Rejection, reject } from "../rows/outcome.ts";
import { parseDate, parseMillis } from "./dates.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const EVENT_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * Reads the id of a record's key, which does not depend on its body. The first of these wins: the producer's `event-id`, if the pipeline
 * uses it; `masqueue-id`, which our redrive attaches, if it is a UUID; the SQS message id.
 */
export function readId(record: SQSRecord, pipeline: Pipeline): string | Rejection {
  const eventId = readEventId(record, pipeline);
  if (eventId !== undefined) return EVENT_ID.test(eventId) ? eventId : reject("bad_event_id", "event-id");
  const redriven = readAttribute(record, "masqueue-id");
  return redriven !== undefined && UUID.test(redriven) ? redriven.toLowerCase() : record.messageId;
}

/**
 * Reads the whole key. The date comes from the body or from the first sending, never from a redelivery. With an `event-id` it comes only
 * from the producer (the body or `event-time`): otherwise a retry after midnight would be a second row.
 * @param stated the value of the body's date field; undefined if there is none
 */
export function readKey(record: SQSRecord, stated: unknown, pipeline: Pipeline): RowKey | Rejection {
  const id = readId(record, pipeline);
  if (typeof id !== "string") return id;
  const { dateColumn } = pipeline;
  if (stated !== undefined) {
    if (typeof stated !== "string") return reject("wrong_type", dateColumn);
    return toKey(parseDate(stated), id) ?? reject("bad_date", dateColumn);
  }
  if (readEventId(record, pipeline) !== undefined) {
    const time = readAttribute(record, "event-time");
    if (time === undefined) return reject("missing_field", dateColumn);
    return toKey(parseDate(time), id) ?? reject("bad_date", "event-time");
  }
  const sent = parseMillis(readAttribute(record, "masqueue-sent")) ?? parseMillis(record.attributes?.SentTimestamp);
  return toKey(sent, id) ?? reject("missing_field", dateColumn);
}

function toKey(date: string | null, id: string): RowKey | null {
  return date === null ? null : { date, id };
}

function readAttribute(record: SQSRecord, name: string): string | undefined {
  return record.messageAttributes?.[name]?.stringValue;
}

/** An attribute without a string (a Binary one) is not absent: the producer meant it to count. */
function readEventId(record: SQSRecord, pipeline: Pipeline): string | undefined {
  const sent = pipeline.once === "event-id" ? record.messageAttributes?.["event-id"] : undefined;
  return sent && (sent.stringValue ?? "");
}
