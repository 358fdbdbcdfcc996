import { randomUUID } from "node:crypto";
import type { SQSEvent, SQSRecord } from "aws-lambda";

/** The body of a login as applications send it. */
export function login(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    user_id: "424cdd21-063a-43a7-b91b-7ca1a833afae",
    app_version: "2.3.0",
    device_type: "android",
    ip: "199.172.111.135",
    locale: "RU",
    device_id: "593-47-5928",
    ...fields,
  };
}

/** 2026-03-01T12:00:00Z: the time at which the records of tests were sent. */
export const SENT = Date.UTC(2026, 2, 1, 12);

export interface RecordOptions {
  messageId?: string;
  sent?: number;
  receiveCount?: number;
  /** Message attributes of type String. */
  attributes?: Record<string, string>;
}

/** An SQS record. A body that is not a string is sent as JSON. */
export function record(body: unknown = login(), options: RecordOptions = {}): SQSRecord {
  const { messageId = randomUUID(), sent = SENT, receiveCount = 1, attributes = {} } = options;
  const messageAttributes = Object.entries(attributes).map(([name, stringValue]) => [
    name,
    { stringValue, dataType: "String", stringListValues: [], binaryListValues: [] },
  ]);
  return {
    messageId,
    receiptHandle: "handle",
    body: typeof body === "string" ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: String(receiveCount),
      SentTimestamp: String(sent),
      SenderId: "test",
      ApproximateFirstReceiveTimestamp: String(sent),
    },
    messageAttributes: Object.fromEntries(messageAttributes),
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:login-queue",
    awsRegion: "us-east-1",
  };
}

export function eventOf(...records: SQSRecord[]): SQSEvent {
  return { Records: records };
}
