import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type pg from "pg";
import { binariesIn, resolveReachable } from "../../local/emulators/postgres/binaries.ts";
import { type EmbeddedPostgres, startPostgres } from "../../local/emulators/postgres/server.ts";
import { createDatabase, type TestDatabase, testPostgres } from "../support/database.ts";
import { dataFolder, masqueue } from "../support/masqueue.ts";
import { createBareQueue, type TestQueue } from "../support/queue.ts";
import { login } from "../support/records.ts";

/** The table as its image makes it. */
const TABLE = `
  CREATE TABLE IF NOT EXISTS user_logins (
    user_id varchar(128), device_type varchar(32), masked_ip varchar(256), masked_device_id varchar(256),
    locale varchar(32), app_version integer, create_date date)`;

const NATIVE = join(import.meta.dirname, "../../node_modules/postgres-10/native");
const home = mkdtempSync(join(tmpdir(), "masqueue-take-home-"));
const data = dataFolder();
let ten: EmbeddedPostgres | undefined;
let database: TestDatabase;
let queue: TestQueue;

beforeAll(async () => {
  database = await createDatabase({ migrated: false, server: await server() });
  await database.client.query(TABLE);
  queue = await createBareQueue(30);
});
afterAll(async () => {
  await queue.stop();
  await database.drop();
  await ten?.stop();
  data.remove();
  rmSync(home, { recursive: true, force: true });
});

/** Postgres 10, as in the image, if there is a package of it for this platform. */
async function server(): Promise<pg.ClientConfig> {
  if (`${process.platform}-${process.arch}` !== "linux-x64") return testPostgres().config;
  ten = await startPostgres(home, ["fsync=off"], binariesIn(resolveReachable(NATIVE, home)));
  return ten.config;
}

/** A hundred messages like those in its queue: 20 devices, some locales that are null, and one message of another kind. */
function messages(): string[] {
  const bodies = Array.from({ length: 99 }, (_, i) =>
    login({
      user_id: `user-${i}`,
      app_version: `${i % 4}.${i % 10}.${i % 3}`,
      ip: `198.51.100.${i % 30}`,
      device_id: `593-47-59${String(i % 20).padStart(2, "0")}`,
      locale: i % 5 === 0 ? null : "RU",
    }),
  );
  return [...bodies.slice(0, 40), { foo: "oops_wrong_msg_type", bar: "123" }, ...bodies.slice(40)].map((body) => JSON.stringify(body));
}

test("the take-home's queue is drained into the take-home's table by the command that docs/local.md names", async () => {
  const ids = await queue.send(...messages());
  const { port, user, password, database: name } = database.config;
  const { code, stdout } = await masqueue(["start", "--env", "--data", data.path], {
    AWS_ENDPOINT_URL: queue.endpoint,
    QUEUE_URL: `${queue.endpoint}/000000000000/login-queue`,
    ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    ...{ PGHOST: "127.0.0.1", PGPORT: String(port), PGUSER: String(user), PGPASSWORD: String(password), PGDATABASE: String(name) },
  });
  expect(code).toBe(0);
  expect(stdout).toMatch(/received +100\nstored +99\nduplicates +0\nrejected +1\n/);
  expect(stdout).toContain("The queue holds only 1 rejected messages; they stay there: it has no dead-letter queue.");
  expect(await queue.depth()).toBe(1);

  const rows = await database.rows("SELECT message_id, app_version, masked_ip FROM user_logins");
  expect(rows.map(({ message_id }) => message_id).sort()).toEqual(ids.toSpliced(40, 1).sort());
  expect(new Set(rows.map(({ app_version }) => app_version))).toContain("3.9.0");
  expect(new Set(rows.map(({ masked_ip }) => masked_ip)).size).toBe(30);
  expect(await database.rows("SELECT message_id, code, field FROM rejected_messages")).toEqual([
    { message_id: ids[40], code: "missing_field", field: "user_id" },
  ]);
});
