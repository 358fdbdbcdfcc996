import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { dataFolder, launch, masqueue } from "../support/masqueue.ts";
import { createBareQueue, createQueue, type TestQueue } from "../support/queue.ts";
import { login } from "../support/records.ts";

let database: TestDatabase;
let queue: TestQueue | undefined;
const data = dataFolder();
beforeEach(async () => {
  database = await createDatabase({ migrated: false });
});
afterEach(async () => {
  await queue?.stop();
  queue = undefined;
  await database.drop();
  data.remove();
});

/** The variables that name the database and the queue, as a user would export them. */
function named(): Record<string, string> {
  const { host, port, user, password, database: name } = database.config;
  return {
    ...{ PGHOST: String(host), PGPORT: String(port), PGUSER: String(user), PGPASSWORD: String(password), PGDATABASE: String(name) },
    ...(queue && { QUEUE_URL: `${queue.endpoint}/000000000000/login-queue`, AWS_ENDPOINT_URL: queue.endpoint }),
    ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
  };
}

const bodies = Array.from({ length: 30 }, (_, i) => JSON.stringify(login({ user_id: `user-${i}` })));

describe("masqueue start --env", () => {
  test("drains a named queue into a named database, migrates it, sends nothing, and counts its dead letters", async () => {
    queue = await createQueue();
    const ids = await queue.send(...bodies, '{"foo":"oops_wrong_msg_type"}');
    const { code, stdout, stderr } = await masqueue(["start", "--env", "--json", "--data", data.path], named());
    expect(code).toBe(0);
    expect(stderr).toContain(`Postgres   127.0.0.1:${database.config.port}/${database.config.database} as postgres`);
    expect(stderr).toContain("Migrations 001_user_logins");
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ received: 31, stored: 30, duplicates: 0, rejected: 1, deadLettered: 1 },
      rejections: [{ messageId: ids[30], code: "missing_field", field: "user_id" }],
    });
    expect(await database.rows("SELECT count(*)::int FROM user_logins")).toEqual([{ count: 30 }]);
    expect(await queue.depth()).toBe(0);
  });

  test("ends although a queue without dead-letter queue keeps the rejected messages, and names them", async () => {
    queue = await createBareQueue(30);
    const [, bad] = await queue.send(bodies[0] as string, "not json");
    const { code, stdout } = await masqueue(["start", "--env", "--data", data.path], named());
    expect(code).toBe(0);
    expect(stdout).toContain(bad);
    expect(stdout).toContain("The queue holds only 1 rejected messages; they stay there: it has no dead-letter queue.");
    expect(await queue.depth()).toBe(1);
  });

  test("uses DATABASE_URL, and sends the samples if no queue is named", async () => {
    const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE } = named();
    const DATABASE_URL = `postgres://${PGUSER}:${PGPASSWORD}@${PGHOST}:${PGPORT}/${PGDATABASE}`;
    const { code, stdout } = await masqueue(["start", "--env", "--json", "--data", data.path], { DATABASE_URL });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ received: 200, stored: 198 });
    expect(await database.rows("SELECT count(*)::int FROM user_logins")).toEqual([{ count: 198 }]);
  });

  test("stops if the batch as a whole fails, prints why, and leaves the messages", async () => {
    queue = await createBareQueue(1);
    await queue.send(bodies[0] as string);
    await masqueue(["migrate", "--env", "--data", data.path], named());
    await database.client.query("ALTER TABLE user_logins ALTER COLUMN locale TYPE varchar(8)");
    const { code, stderr } = await masqueue(["start", "--env", "--data", data.path], named());
    expect(code).toBe(1);
    expect(stderr).toContain("Table user_logins does not fit pipeline user-logins: column locale holds 8 characters, 32 are needed.");
    expect(await queue.depth()).toBe(1);
  });

  test("with --watch handles what arrives until a signal", async () => {
    queue = await createQueue();
    const running = launch(["start", "--env", "--watch", "--data", data.path], named());
    await running.prints("Migrations");
    await queue.send(...bodies.slice(0, 3));
    while ((await database.rows("SELECT to_regclass('user_logins') AS there"))[0]?.there === null)
      await new Promise((resolve) => setTimeout(resolve, 20));
    while ((await database.rows("SELECT FROM user_logins")).length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(0);
    expect(await queue.depth()).toBe(0);
  });
});

describe("a start is refused", () => {
  test("that would drain a named queue into the embedded database", async () => {
    const { code, stderr } = await masqueue(["start", "--env", "--data", data.path], {
      QUEUE_URL: "http://127.0.0.1:1/000000000000/login-queue",
    });
    expect(code).toBe(2);
    expect(stderr).toContain("such a queue is never drained into the embedded database");
  });

  test("on a remote queue without a confirmation", async () => {
    queue = await createQueue();
    const env = { ...named(), AWS_ENDPOINT_URL: "https://sqs.eu-west-1.amazonaws.com" };
    const { code, stderr } = await masqueue(["start", "--env", "--data", data.path], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Not on this machine: .+\. There is no terminal to ask for confirmation: pass --yes to continue\./);
    expect(await database.rows("SELECT to_regclass('user_logins') AS there")).toEqual([{ there: null }]);
  });

  test.each<[Record<string, string>, string, number]>([
    [{ DATABASE_URL: "postgres://u:secret@h:99999999/d" }, "DATABASE_URL is not a connection string", 2],
    [{ PGHOST: "127.0.0.1", QUEUE_URL: "login-queue" }, "QUEUE_URL is not a queue's URL", 2],
    [{ PGHOST: "127.0.0.1", PGPORT: "1" }, "Postgres at 127.0.0.1:1", 1],
  ])("with %o", async (env, sentence, exitCode) => {
    const { code, stderr } = await masqueue(["start", "--env", "--data", data.path], env);
    expect(code).toBe(exitCode);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain("cret");
    expect(stderr).not.toContain("    at ");
  });
});
