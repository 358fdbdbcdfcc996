import { GetQueueUrlCommand, type Message, type MessageAttributeValue, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { DEAD_LETTER_QUEUE } from "../../local/emulators/sqs.ts";
import { sendMessages } from "../../local/run/send.ts";
import { container } from "../support/container.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { masqueue } from "../support/masqueue.ts";
import { createQueue, type TestQueue } from "../support/queue.ts";
import { login } from "../support/records.ts";

let queue: TestQueue;
let database: TestDatabase;
let deadLetterUrl: string;
beforeEach(async () => {
  [queue, database] = await Promise.all([createQueue(), createDatabase()]);
  deadLetterUrl = (await queue.client.send(new GetQueueUrlCommand({ QueueName: DEAD_LETTER_QUEUE }))).QueueUrl ?? "";
});
afterEach(async () => {
  await queue.stop();
  await database.drop();
});

const aws = () => ({
  ...{ QUEUE_URL: queue.url, AWS_ENDPOINT_URL: queue.endpoint },
  ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
});
const withDatabase = () => {
  const { host = "", port, user = "", password, database: name = "" } = database.config;
  return { ...aws(), PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: String(password), PGDATABASE: name };
};
const dlq = (args: string[], env: Record<string, string> = aws()) => masqueue(["dlq", ...args, "--env"], env);

/** Puts messages into the dead-letter queue. @returns their ids */
const bury = (bodies: readonly unknown[], attributes: Record<string, MessageAttributeValue> = {}) =>
  sendMessages(
    queue.client,
    deadLetterUrl,
    bodies.map((body) => ({ body: typeof body === "string" ? body : JSON.stringify(body), attributes })),
  );

async function receiveAll(url: string): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const { Messages = [] } = await queue.client.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 60 },
        ...{ MessageSystemAttributeNames: ["All"], MessageAttributeNames: ["All"] },
      }),
    );
    if (Messages.length === 0) return all;
    all.push(...Messages);
  }
}

const text = (StringValue: string): MessageAttributeValue => ({ DataType: "String", StringValue });
const CANARY = "canary-203.0.113.9";
const BAD = { ...login({ ip: CANARY, device_id: CANARY }), user_id: null };

describe("masqueue dlq list", () => {
  test("counts messages by code and field, lists them, and leaves them visible", async () => {
    const ids = await bury([BAD, BAD, "{", login({ ip: CANARY })]);
    const { code, stdout, stderr } = await dlq(["list"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/missing_field │ user_id │ 2 /);
    expect(stdout).toMatch(/not_json +│ +│ 1 /);
    expect(stdout).toMatch(/storable +│ +│ 1 /);
    for (const id of ids) expect(stdout).toContain(id);
    expect(stdout).not.toContain(CANARY);
    expect(await receiveAll(deadLetterUrl)).toHaveLength(4);
  });

  test("takes the reasons from table rejections if the environment names the database", async () => {
    const [refused = "", failed = ""] = await bury([login(), login()]);
    await database.client.query(
      "INSERT INTO rejections (pipeline, message_id, code, field, sqlstate, receive_count) VALUES ('user-logins', $1, 'refused_by_database', 'user_id', '23514', 9)",
      [refused],
    );
    const { stdout } = await dlq(["list", "--json"], withDatabase());
    const { groups, messages, depth } = JSON.parse(stdout);
    expect(groups).toEqual(
      expect.arrayContaining([
        { code: "refused_by_database", field: "user_id", messages: 1 },
        { code: "batch_failed", field: null, messages: 1 },
      ]),
    );
    expect(messages.map(({ messageId }: { messageId: string }) => messageId).sort()).toEqual([refused, failed].sort());
    expect(messages[0].expires - messages[0].sent).toBeGreaterThan(60_000);
    expect(depth).toBe(2);
  });

  test("parses the messages again if the database cannot be reached, and says so", async () => {
    await bury([BAD]);
    const { code, stdout, stderr } = await dlq(["list"], { ...withDatabase(), PGPORT: "1" });
    expect(code).toBe(0);
    expect(stdout).toContain("missing_field");
    expect(stderr).toContain("cannot be read");
    expect(stderr).toContain("the messages are parsed again.");
  });

  test("says that the queue is empty, and reads no more than --limit", async () => {
    expect((await dlq(["list"])).stdout).toContain("is empty.");
    await bury(Array.from({ length: 12 }, () => BAD));
    expect((await dlq(["list", "--limit", "5"])).stdout).toContain("Read 5 of about 12: --limit reads more.");
    expect(await receiveAll(deadLetterUrl)).toHaveLength(12);
  });
});

describe("masqueue dlq show", () => {
  test("prints what the pipeline stores in the open, and redacts all else", async () => {
    const [id = ""] = await bury([{ ...BAD, locale: "DE", nickname: CANARY, device_type: { hidden: CANARY } }]);
    const { code, stdout, stderr } = await dlq(["show", id]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ...{ user_id: null, app_version: "2.3.0", device_type: { hidden: "[redacted]" }, ip: "[redacted]", locale: "DE" },
      ...{ device_id: "[redacted]", nickname: "[redacted]" },
    });
    expect(stderr).toContain("missing_field (user_id)");
    expect(stdout + stderr).not.toContain(CANARY);
  });

  test("prints the raw body only with --raw, with a warning", async () => {
    const [id = "", broken = ""] = await bury([BAD, `{"ip":"${CANARY}`]);
    expect((await dlq(["show", broken])).stdout).not.toContain(CANARY);
    const { stdout, stderr } = await dlq(["show", id, "--raw"]);
    expect(JSON.parse(stdout)).toEqual(BAD);
    expect(stderr).toContain("personal data");
  });

  test("reports an id that is not there", async () => {
    const { code, stderr } = await dlq(["show", "none"]);
    expect(code).toBe(1);
    expect(stderr).toContain("No message none is in");
  });
});

describe("masqueue dlq redrive", () => {
  test("sends messages back with their first id and time, and deletes them", async () => {
    const [first = ""] = await bury([login()]);
    expect((await dlq(["redrive", "--all"])).stdout).toContain("1 message redriven, 0 left.");
    const [message] = await receiveAll(queue.url);
    expect(message?.MessageId).not.toBe(first);
    expect(message?.MessageAttributes).toMatchObject({ "masqueue-id": text(first), "masqueue-sent": { DataType: "String" } });
    expect(await receiveAll(deadLetterUrl)).toEqual([]);
  });

  test("keeps id and time of the first delivery over several redrives, so that the row is stored once and keeps its date", async () => {
    const sent = String(Date.UTC(2026, 2, 1, 23, 59, 59));
    const id = "0f0e0d0c-0b0a-4908-8706-050403020100";
    const lambda = container(database.config);
    for (let round = 0; round < 2; round++) {
      await bury([login()], { "masqueue-id": text(id), "masqueue-sent": text(sent) });
      await dlq(["redrive", "--all"]);
      await queue.drain((event) => lambda.invoke(event.Records));
    }
    await lambda.close();
    expect(await database.rows("SELECT message_id, create_date::text FROM user_logins")).toEqual([
      { message_id: id, create_date: "2026-03-01" },
    ]);
  });

  test("makes room among ten attributes, and keeps those that the function reads", async () => {
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`trace-${i}`, text("x")]));
    const [id = ""] = await bury([login()], { ...many, "event-id": text("e-1"), "event-time": text("2026-03-01") });
    await dlq(["redrive", "--id", id]);
    const [message] = await receiveAll(queue.url);
    const names = Object.keys(message?.MessageAttributes ?? {});
    expect(names).toHaveLength(10);
    expect(names).toEqual(expect.arrayContaining(["event-id", "event-time", "masqueue-id", "masqueue-sent"]));
  });

  test("takes only the messages of a code, and no more than --limit", async () => {
    await bury([BAD, BAD, BAD, "{"]);
    const { stdout } = await dlq(["redrive", "--code", "missing_field", "--limit", "2"]);
    expect(stdout).toContain("2 messages redriven");
    expect(await receiveAll(queue.url)).toHaveLength(2);
    expect(await receiveAll(deadLetterUrl)).toHaveLength(2);
  });

  test("with --check takes only what the function would store now; with --dry-run takes nothing", async () => {
    await bury([BAD, login(), login()]);
    expect((await dlq(["redrive", "--all", "--dry-run"])).stdout).toContain("3 messages would be redriven, 0 left.");
    expect(await queue.depth()).toBe(0);
    expect((await dlq(["redrive", "--all", "--check"])).stdout).toContain("2 messages redriven, 1 left.");
    expect((await receiveAll(deadLetterUrl)).map(({ Body }) => JSON.parse(Body ?? "{}").user_id)).toEqual([null]);
  });

  test.each([
    [["redrive"], 2, "Say which messages: --code, --id or --all."],
    [["redrive", "--all", "--limit", "0"], 2, "Give a whole number from 1 on."],
  ])("refuses %j", async (args, exit, sentence) => {
    const { code, stderr } = await dlq(args);
    expect(code).toBe(exit);
    expect(stderr).toContain(sentence);
  });
});

describe("masqueue dlq drop", () => {
  test("keeps the reason in table rejections, and deletes the messages", async () => {
    const [id = ""] = await bury([BAD, "{"]);
    const { code, stdout } = await dlq(["drop", "--code", "missing_field", "--reason", "test", "--yes"], withDatabase());
    expect({ code, stdout }).toEqual({ code: 0, stdout: "1 message dropped.\n" });
    expect(await database.rows("SELECT message_id, code FROM rejected_messages")).toEqual([{ message_id: id, code: "dropped_test" }]);
    expect(await receiveAll(deadLetterUrl)).toHaveLength(1);
  });

  test("drops nothing without a database, without a terminal's answer, or if the reason cannot be kept", async () => {
    await bury([BAD]);
    expect((await dlq(["drop", "--all", "--reason", "test", "--yes"])).stderr).toContain("set DATABASE_URL or PGHOST");
    expect((await dlq(["drop", "--all", "--reason", "test"], withDatabase())).stderr).toContain("pass --yes");
    await database.client.query("ALTER TABLE rejections ADD CHECK (code NOT LIKE 'dropped%')");
    const { code, stderr } = await dlq(["drop", "--all", "--reason", "test", "--yes"], withDatabase());
    expect(code).toBe(1);
    expect(stderr).toContain("Nothing was dropped");
    expect(await receiveAll(deadLetterUrl)).toHaveLength(1);
  });
});
