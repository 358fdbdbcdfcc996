import type { SQSRecord } from "aws-lambda";
import { idOf } from "./fixture.ts";
import { login, record } from "./records.ts";

export type Body = Readonly<Record<string, unknown>>;

/** Three logins with every character that COPY's text format escapes, so that a cut can fall inside an escape or a character. */
export const LOGINS: readonly Body[] = [
  login({ user_id: "tab\t, line\n, \\ and \\N" }),
  login({ user_id: "é🦊", ip: "10.0.0.1", device_id: null }),
  login({ user_id: "u", ip: null, locale: null }),
];

/** A body that Postgres refuses after {@link REFUSE}. */
export const REFUSED: Body = { user_id: "bad" };
export const REFUSE = "ALTER TABLE user_logins ADD CHECK (user_id <> 'bad')";

/** Messages that stay together from delivery to delivery. */
export interface Batch {
  /** In key order. */
  readonly ids: readonly string[];
  /** The ids of the messages whose body is {@link REFUSED}. */
  readonly refused: readonly string[];
  /** The messages as SQS delivers them; the first delivery is 1. */
  delivered(receiveCount: number): SQSRecord[];
}

let messages = 0;

/** Creates messages with new ids, all of the same length. */
export function createBatch(bodies: readonly Body[]): Batch {
  const ids = bodies.map(() => idOf(messages++));
  return {
    ids,
    refused: ids.filter((_, i) => bodies[i] === REFUSED),
    delivered: (receiveCount) => bodies.map((body, i) => record(body, { messageId: ids[i] as string, receiveCount })),
  };
}
