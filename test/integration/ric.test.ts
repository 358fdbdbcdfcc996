import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { ENV } from "../../lambda/names.ts";
import { type Lambda, startLambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import { type Bundle, bundleFunction } from "../support/bundle.ts";
import { TEST_SECRET } from "../support/container.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { PostgresProxy } from "../support/postgres-proxy.ts";
import { eventOf, login, record } from "../support/records.ts";

let bundle: Bundle;
let database: TestDatabase;
let proxy: PostgresProxy;
let lambda: Lambda;

const done = { isError: false, payload: { batchItemFailures: [] } };
const storedIds = async () => (await database.rows("SELECT message_id FROM user_logins ORDER BY 1")).map((row) => row.message_id);
/** The sessions of this database without the test's. */
const sessions = () =>
  database.rows("SELECT pid, backend_start FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");

beforeAll(async () => {
  bundle = await bundleFunction();
});
beforeEach(async () => {
  database = await createDatabase();
  proxy = await PostgresProxy.to(database.config);
});
afterEach(async () => {
  await lambda.stop();
  await proxy.close();
  await database.drop();
});
afterAll(() => bundle.remove());

/** A container whose way to Postgres is the proxy. @param changes to its environment; undefined leaves a variable out */
async function start(changes: Record<string, string | undefined> = {}): Promise<void> {
  const keyFile = join(bundle.folder, "mask.key");
  writeFileSync(keyFile, TEST_SECRET);
  const { user = "", password, database: name = "" } = database.config;
  const variables = {
    [ENV.pipeline]: "user-logins",
    [ENV.host]: "127.0.0.1",
    [ENV.port]: String(proxy.config.port),
    [ENV.user]: user,
    [ENV.password]: String(password),
    [ENV.database]: name,
    [ENV.sslMode]: "disable",
    [ENV.keyFile]: keyFile,
    ...changes,
  };
  const set = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined);
  lambda = await startLambda(bundle.folder, Object.fromEntries(set));
}

test("a good batch is stored and answered with no failures", async () => {
  await start();
  const records = [record(), record(login({ locale: null }))];
  expect(await lambda.invoke(eventOf(...records))).toEqual(done);
  expect(await storedIds()).toEqual(records.map(({ messageId }) => messageId).sort());
});

test("a mixed batch stores the good messages and answers with the ids of the others", async () => {
  await start();
  const [good, broken, odd] = [record(), record("{"), record({ foo: "oops_wrong_msg_type", bar: "123" })] as const;
  const answer = await lambda.invoke(eventOf(broken, good, odd));
  expect(answer).toEqual({
    isError: false,
    payload: { batchItemFailures: [{ itemIdentifier: broken.messageId }, { itemIdentifier: odd.messageId }] },
  });
  expect(await storedIds()).toEqual([good.messageId]);
});

test("two invocations of one container use one connection", async () => {
  await start();
  expect(await lambda.invoke(eventOf(record()))).toEqual(done);
  const first = await sessions();
  expect(first).toHaveLength(1);
  expect(await lambda.invoke(eventOf(record()))).toEqual(done);
  expect(await sessions()).toEqual(first);
  expect(await storedIds()).toHaveLength(2);
});

test("a missing variable is an error that names it, and is logged, at each invocation of a container that lives on", async () => {
  await start({ [ENV.host]: undefined });
  for (let invocation = 0; invocation < 2; invocation++) {
    expect(await lambda.invoke(eventOf(record()))).toMatchObject({
      isError: true,
      payload: { errorType: "IngestError", errorMessage: "PGHOST is not set." },
    });
  }
  await lambda.stop();
  const lines = lambda.output().toString("utf8").split("\n");
  const failures = lines.filter((line) => line.startsWith('{"level"')).map((line) => JSON.parse(line) as unknown);
  const failure = { level: "ERROR", message: "batch failed", code: "configuration", reason: "PGHOST is not set." };
  expect(failures).toEqual(Array(2).fill(expect.objectContaining({ ...failure, function_request_id: expect.any(String) })));
});

test("while the database is away invocations fail, and once it is back the same container stores", async () => {
  await start();
  const [first, second] = [record(), record()];
  expect(await lambda.invoke(eventOf(first))).toEqual(done);
  proxy.refuse();
  expect(await lambda.invoke(eventOf(second))).toMatchObject({ isError: true, payload: { errorType: "IngestError" } });
  expect(await storedIds()).toEqual([first.messageId]);
  proxy.accept();
  expect(await lambda.invoke(eventOf(second))).toEqual(done);
  expect(await storedIds()).toEqual([first.messageId, second.messageId].sort());
});

test("a container that starts while the database is away stores once it is back", async () => {
  proxy.refuse();
  await start();
  const message = record();
  expect(await lambda.invoke(eventOf(message), 3)).toMatchObject({ isError: true, payload: { errorType: "IngestError" } });
  proxy.accept();
  expect(await lambda.invoke(eventOf(message))).toEqual(done);
  expect(await storedIds()).toEqual([message.messageId]);
});

test("an event that is not from SQS fails the invocation with a sentence", async () => {
  await start();
  expect(await lambda.invoke({ Records: [{ body: "{}" }] })).toMatchObject({
    isError: true,
    payload: { errorType: "IngestError", errorMessage: expect.stringMatching(/^The event is not an SQS event/) },
  });
});
