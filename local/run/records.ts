import type { SQSRecord } from "aws-lambda";
import { toSqsRecord } from "../emulators/sqs-event.ts";
import type { Outgoing } from "./messages-file.ts";

/** Makes the records that Lambda would pass to the function if the messages were sent now. A record's id is its position, from 1. */
export function toRecords(messages: readonly Outgoing[]): SQSRecord[] {
  const now = String(Date.now());
  const Attributes = { SentTimestamp: now, ApproximateFirstReceiveTimestamp: now, ApproximateReceiveCount: "1" };
  return messages.map(({ body, attributes }, i) =>
    toSqsRecord({ MessageId: String(i + 1), Body: body, Attributes, MessageAttributes: attributes }, ""),
  );
}
