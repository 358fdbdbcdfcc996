import { randomInt, randomUUID } from "node:crypto";
import type { SQSRecord } from "aws-lambda";

/** The day of all rows: nearly all new rows are of one day in production, too. */
export const DAY = "2026-03-01";

const SENT = String(Date.parse(`${DAY}T12:00:00Z`));

/** As long as the handles of SQS. */
const HANDLE = "AQEB".padEnd(400, "h");

/** The body of a login: six fields, IPv4 and IPv6 addresses, one locale in four missing. All values are made up. */
export function loginBody(fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    user_id: randomUUID(),
    app_version: pick(["2.3.0", "2.3.1", "4.1.6"]),
    device_type: pick(["android", "iOS"]),
    ip: randomInt(4) === 0 ? `2001:db8:${hex()}::${hex()}` : `198.51.${randomInt(256)}.${randomInt(256)}`,
    locale: pick(["RU", "US", "DE", null]),
    device_id: `${randomInt(100, 1000)}-${randomInt(10, 100)}-${randomInt(1000, 10_000)}`,
    ...fields,
  });
}

/** A record as Lambda gets it from SQS. */
export function loginRecord(body: string = loginBody(), messageId: string = randomUUID(), receiveCount = 1): SQSRecord {
  return {
    messageId,
    receiptHandle: HANDLE,
    body,
    attributes: {
      ApproximateReceiveCount: String(receiveCount),
      SentTimestamp: SENT,
      SenderId: "AIDAIENQZJOLO23YVJ4VO",
      ApproximateFirstReceiveTimestamp: SENT,
    },
    messageAttributes: {},
    md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:login-queue",
    awsRegion: "us-east-1",
  };
}

function pick<T>(items: readonly T[]): T {
  return items[randomInt(items.length)] as T;
}

function hex(): string {
  return randomInt(1, 65_536).toString(16);
}
