import type { SQSRecord } from "aws-lambda";
import { formatDay, parseMillis } from "../dates.ts";
import { readPath } from "../pipelines/path.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { RowKey } from "../rows/masked-row.ts";
import { type Rejection, reject } from "../rows/outcome.ts";
import type { Event } from "./read-event.ts";
import { readValue } from "./read-value.ts";

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

/** Times in milliseconds since 1970; NaN if unknown. No redelivery changes them. */
export interface SentTimes {
  /** By the envelope, else as {@link queued}. */
  readonly sent: number;
  /**
   * The time from which limits like `+1 day` count: by our redrive, else by SQS, because a sender can put any time into an envelope. A
   * line of a file may have neither; it is limited from its envelope's time, else from the time at which it is loaded.
   */
  readonly queued: number;
}

export function readSentTimes(record: SQSRecord, { sent }: Event): SentTimes {
  const redriven = parseMillis(readAttribute(record, "masqueue-sent"));
  const queued = Number.isNaN(redriven) ? parseMillis(record.attributes?.SentTimestamp) : redriven;
  const stated = sent === undefined ? queued : Date.parse(sent);
  if (!Number.isNaN(queued)) return { sent: stated, queued };
  return { sent: stated, queued: Number.isNaN(stated) ? parseMillis(record.attributes?.ApproximateFirstReceiveTimestamp) : stated };
}

/**
 * Reads the whole key. The date comes from the body or from the first sending, never from a redelivery. With an `event-id` it comes only
 * from the producer (the body or `event-time`): otherwise a retry after midnight would be a second row.
 */
export function readKey(record: SQSRecord, { body }: Event, { sent, queued }: SentTimes, pipeline: Pipeline): RowKey | Rejection {
  const id = readId(record, pipeline);
  if (typeof id !== "string") return id;
  const { keyDate } = pipeline;
  const stated = readPath(body, keyDate.path) ?? undefined;
  const isProducers = readEventId(record, pipeline) !== undefined;
  const time = isProducers ? readAttribute(record, "event-time") : undefined;
  const day = isProducers ? null : formatDay(sent);
  const given = stated ?? time ?? day;
  if (given === null) return reject("missing_field", keyDate.from);
  // A day that is ours has only its limits to meet; most messages state no date.
  if (given === day && keyDate.first === undefined && keyDate.last === undefined) return { date: day, id };
  const date = readValue(given, keyDate, queued);
  return typeof date === "string" ? { date, id } : reject(date.code, stated === undefined && isProducers ? "event-time" : keyDate.from);
}

function readAttribute(record: SQSRecord, name: string): string | undefined {
  return record.messageAttributes?.[name]?.stringValue;
}

/** An attribute without a string (a Binary one) is not absent: the producer meant it to count. */
function readEventId(record: SQSRecord, pipeline: Pipeline): string | undefined {
  const sent = pipeline.once === "event-id" ? record.messageAttributes?.["event-id"] : undefined;
  return sent && (sent.stringValue ?? "");
}
