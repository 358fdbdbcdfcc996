import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import fc from "fast-check";
import { type Container, container } from "../support/container.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { idOf } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";

let database: TestDatabase;
let lambda: Container;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query("ALTER TABLE user_logins ADD CHECK (locale <> 'bad')");
  lambda = container(database.config);
});
beforeEach(() => database.client.query("TRUNCATE user_logins, rejections"));
afterAll(async () => {
  await lambda.close();
  await database.drop();
});

const FIELDS = ["user_id", "device_type", "ip", "device_id", "locale", "app_version", "create_date", "constructor", "__proto__", "Type"];

/** A body as text: any JSON, a login with any values in its fields, or text that is not JSON. */
const anyBody = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.dictionary(fc.constantFrom(...FIELDS), fc.jsonValue({ maxDepth: 2 })).map((fields) => JSON.stringify({ user_id: "u", ...fields })),
  fc.constantFrom(null, "RU", "bad").map((locale) => JSON.stringify(login({ locale }))),
  fc.string(),
);
const anyRecord = fc
  .record({ id: fc.nat(20), body: anyBody, receiveCount: fc.constantFrom(1, 1, 1, 2) })
  .map(({ id, body, receiveCount }) => record(body, { messageId: idOf(id), receiveCount }));

describe("for any bodies", () => {
  test("the handler does not throw and accounts for each record exactly once", async () => {
    const handle = async (records: SQSRecord[]) => {
      await database.client.query("TRUNCATE user_logins, rejections");
      const failed = await lambda.failures(records);
      const { outcomes, rejected } = lambda.reports.last;
      expect(outcomes.map(({ messageId }) => messageId)).toEqual(records.map(({ messageId }) => messageId));
      const withOutcome = (...wanted: string[]) =>
        outcomes.filter(({ outcome }) => wanted.includes(outcome)).map(({ messageId }) => messageId);
      expect(withOutcome("stored", "duplicate", "rejected")).toHaveLength(records.length);
      expect(failed).toEqual([...new Set(withOutcome("rejected"))]);
      // Each message that is done has a row, each row was reported as stored once, and each rejection was written.
      const rows = await database.rows<{ message_id: string }>("SELECT message_id FROM user_logins");
      const stored = rows.map(({ message_id }) => message_id).sort();
      expect(withOutcome("stored").sort()).toEqual(stored);
      expect(stored).toEqual(expect.arrayContaining(withOutcome("duplicate")));
      expect(await database.rows("SELECT count(*)::int FROM rejections")).toEqual([{ count: rejected.length }]);
    };
    await fc.assert(fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 30 }), handle), { numRuns: 60 });
  });
});

const MESSAGES = Array.from({ length: 40 }, (_, i) =>
  record(i % 13 === 5 ? "no login" : login({ user_id: `user ${i}`, locale: i % 9 === 4 ? "bad" : "RU", ip: `10.0.0.${i}` }), {
    messageId: idOf(i),
  }),
);
const TABLE = "SELECT user_id, masked_ip, locale, create_date::text, message_id FROM user_logins ORDER BY message_id";

/** Every message at least once, some again, in any order, and split into batches anywhere. */
const anyDelivery = fc
  .tuple(
    fc.shuffledSubarray(MESSAGES, { minLength: MESSAGES.length }),
    fc.array(fc.tuple(fc.constantFrom(...MESSAGES), fc.nat(100), fc.constantFrom(1, 2)), { maxLength: 20 }),
    fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 8 }),
  )
  .map(([all, again, sizes]) => {
    const stream = [...all];
    for (const [message, at, count] of again) {
      stream.splice(at % stream.length, 0, { ...message, attributes: { ...message.attributes, ApproximateReceiveCount: String(count) } });
    }
    const batches: SQSRecord[][] = [];
    for (let i = 0; stream.length > 0; i++) batches.push(stream.splice(0, sizes[i % sizes.length]));
    return batches;
  });

describe("for any split into batches, any order and any redeliveries", () => {
  test("the table has the same rows, from one container or from two at once", async () => {
    await lambda.invoke(MESSAGES);
    const expected = await database.rows(TABLE);
    expect(expected).toHaveLength(34);
    const other = container(database.config);
    const deliver = async (batches: SQSRecord[][], atOnce: boolean) => {
      await database.client.query("TRUNCATE user_logins, rejections");
      const half = atOnce ? batches.length >> 1 : batches.length;
      const deliverAll = async (worker: Container, part: SQSRecord[][]) => {
        for (const batch of part) await worker.invoke(batch);
      };
      await Promise.all([deliverAll(lambda, batches.slice(0, half)), deliverAll(other, batches.slice(half))]);
      expect(await database.rows(TABLE)).toEqual(expected);
    };
    await fc.assert(fc.asyncProperty(anyDelivery, fc.boolean(), deliver), { numRuns: 40 });
    await other.close();
  });
});
