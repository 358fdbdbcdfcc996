import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { countDeadLetters } from "../../local/targets/queue.ts";
import type { Ended } from "../support/masqueue.ts";
import { login, record } from "../support/records.ts";
import { type LocalstackEnv, localstackEnv, until } from "./localstack-env.ts";

const FUNCTION = "masqueue-local-user-logins";

let mine: LocalstackEnv;
let deployed: Ended;
let queue: { client: SQSClient; queueUrl: string; label: string };

beforeAll(async () => {
  mine = await localstackEnv();
  deployed = await mine.run("deploy");
  mine.use(deployed);
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new SQSClient({ endpoint: process.env.AWS_ENDPOINT_URL, region: "us-east-1", credentials });
  queue = { client, queueUrl: `${process.env.AWS_ENDPOINT_URL}/000000000000/${FUNCTION}`, label: FUNCTION };
});
afterAll(async () => {
  await mine.run("destroy");
  queue.client.destroy();
  await mine.close();
});

const body = (fields: object = {}) => JSON.stringify(login({ create_date: "2026-03-01", ...fields }));
const count = async (sql: string) => (await mine.database.rows<{ count: number }>(`SELECT count(*)::int FROM ${sql}`))[0]?.count;

test("stage local is deployed, migrated and enabled by one command, which prints the next steps", async () => {
  expect(deployed).toMatchObject({ code: 0, stdout: expect.stringContaining("Migrations 001_user_logins") });
  expect(deployed.stdout).toContain("npx masqueue send events/logins.jsonl --env");
  expect(await mine.masqueue("status")).toMatchObject({ code: 0, stdout: expect.stringContaining("Enabled") });
});

describe("of 500 messages, ten bad, one refused by the database, twenty sent twice as what was received elsewhere", () => {
  const BAD: readonly (readonly [body: string, code: string, field: string | null, sqlstate?: string])[] = [
    ["no JSON", "not_json", null],
    ['{"user_id": "cut off', "not_json", null],
    ["[1]", "not_an_object", null],
    ['{"foo":"oops_wrong_msg_type","bar":"123"}', "missing_field", "user_id"],
    [body({ user_id: null }), "missing_field", "user_id"],
    [body({ user_id: "\0" }), "nul_character", "user_id"],
    [body({ device_type: "d".repeat(33) }), "too_long", "device_type"],
    [body({ ip: { v4: "192.0.2.1" } }), "wrong_type", "ip"],
    [body({ create_date: "2026-02-30" }), "bad_date", "create_date"],
    [JSON.stringify({ Type: "Notification", MessageId: "1", TopicArn: "arn:aws:sns:x:1:y", Message: "{}" }), "wrapped", "Message"],
    [body({ locale: "nowhere" }), "refused_by_database", null, "23514"],
  ];
  const GOOD = 469;
  const elsewhere = Array.from({ length: 20 }, (_, i) => ({
    MessageId: randomUUID(),
    Body: body({ user_id: `elsewhere-${i}` }),
    Attributes: { SentTimestamp: "1772366400000" },
  }));
  let bad: string[];

  beforeAll(async () => {
    await mine.database.client.query("ALTER TABLE user_logins ADD CONSTRAINT somewhere CHECK (locale <> 'nowhere')");
    const bodies = Array.from({ length: GOOD }, (_, i) => body({ user_id: `user-${i}` }));
    // The bad ones between the good ones, 43 from each other.
    const positions = BAD.map(([text], i) => {
      bodies.splice(i * 43, 0, text);
      return i * 43;
    });
    const ids = await mine.send(bodies);
    bad = positions.map((position) => ids[position] ?? "");
    await mine.send({ Messages: elsewhere });
    await mine.send({ Messages: elsewhere });
    await until(async () => (await count("user_logins")) === GOOD + elsewhere.length && (await countDeadLetters(queue)) === BAD.length);
  });

  test("489 are stored, each once", async () => {
    expect(await count("user_logins")).toBe(489);
    const stored = await mine.database.rows("SELECT message_id AS id FROM user_logins WHERE user_id LIKE 'elsewhere-%'");
    expect(stored.map(({ id }) => id).sort()).toEqual(elsewhere.map(({ MessageId }) => MessageId).sort());
  });

  test("eleven end in the dead-letter queue after three deliveries, each with its reason", async () => {
    const rows = await mine.database.rows("SELECT message_id, code, field, sqlstate, deliveries::int FROM rejected_messages");
    const expected = BAD.map(([, code, field, sqlstate = null], i) => ({ message_id: bad[i], code, field, sqlstate, deliveries: 3 }));
    expect(rows).toHaveLength(11);
    expect(rows).toEqual(expect.arrayContaining(expected));
    expect(await mine.masqueue("status")).toMatchObject({ code: 0, stdout: expect.stringMatching(/Dead letters +11 messages/) });
  });
});

test("a message that its producer sends twice is two messages with an id each, and two rows", async () => {
  const twice = body({ user_id: "twice" });
  const ids = [...(await mine.send([twice])), ...(await mine.send([twice]))];
  await until(async () => (await count("user_logins WHERE user_id = 'twice'")) === 2);
  const rows = await mine.database.rows("SELECT message_id AS id FROM user_logins WHERE user_id = 'twice'");
  expect(rows.map(({ id }) => id).sort()).toEqual(ids.sort());
});

test("a message that is delivered twice is one row", async () => {
  const before = await count("user_logins");
  const Payload = readFileSync(join(import.meta.dirname, "../../events/redelivery.json"));
  for (let i = 0; i < 2; i++) {
    const { FunctionError, Payload: answer } = await mine.lambda.send(new InvokeCommand({ FunctionName: FUNCTION, Payload }));
    expect([FunctionError, answer?.transformToString()]).toEqual([undefined, '{"batchItemFailures":[]}']);
  }
  expect(await count("user_logins")).toBe((before ?? 0) + 1);
});

test("a local run gives an address the token that the deployed function gave it", async () => {
  await mine.send([body({ user_id: "deployed", ip: "192.0.2.77" })]);
  await until(async () => (await count("user_logins WHERE user_id = 'deployed'")) === 1);
  const event = join(mine.folder, "event.json");
  writeFileSync(event, JSON.stringify({ Records: [record(body({ user_id: "local", ip: "::ffff:192.0.2.77" }))] }));
  expect(await mine.masqueue("invoke", event)).toMatchObject({ code: 0 });
  expect(await count("(SELECT DISTINCT masked_ip FROM user_logins WHERE user_id IN ('deployed', 'local')) AS tokens")).toBe(1);
});
