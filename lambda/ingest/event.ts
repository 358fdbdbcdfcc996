import type { SQSEvent, SQSRecord } from "aws-lambda";
import * as errors from "../errors.ts";

/** The message attribute by which `masqueue smoke` marks its message. */
export const SMOKE_ATTRIBUTE = "masqueue-smoke";

/**
 * Checks the shape of an event. A record without an id could not be reported as failed, so such an event fails as a whole.
 * @throws IngestError `not_an_sqs_event`
 */
export function assertSqsEvent(event: SQSEvent): void {
  const records: unknown = (event as Partial<SQSEvent> | null)?.Records;
  if (!Array.isArray(records) || !records.every(isRecord)) throw errors.notAnSqsEvent();
}

function isRecord(record: unknown): boolean {
  if (typeof record !== "object" || record === null) return false;
  const { messageId, body } = record as Partial<SQSRecord>;
  return typeof messageId === "string" && messageId !== "" && typeof body === "string";
}

/** The number of times that SQS has delivered the message, this time included; 1 at the first delivery. */
export function readReceiveCount(record: SQSRecord): number {
  const count = Number(record.attributes?.ApproximateReceiveCount ?? 1);
  return Number.isSafeInteger(count) && count > 0 ? count : 1;
}
