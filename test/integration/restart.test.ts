import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Deadline } from "../../lambda/deadline.ts";
import { findBinaries, runAs } from "../../local/emulators/postgres/binaries.ts";
import { type EmbeddedPostgres, startPostgres, stopLeftover } from "../../local/emulators/postgres/server.ts";
import { type Container, container } from "../support/container.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { record } from "../support/records.ts";
import { untilWaiting } from "../support/sessions.ts";

const home = mkdtempSync(join(tmpdir(), "masqueue-restart-"));
let server: EmbeddedPostgres;
let database: TestDatabase;
let lambda: Container;

beforeAll(async () => {
  server = await startPostgres(home);
  database = await createDatabase({ server: server.config });
  lambda = container({ ...database.config, application_name: "lambda" });
});
afterAll(async () => {
  await lambda.close();
  await stopLeftover(home);
  rmSync(home, { recursive: true, force: true });
});

/** As a crash does it: sessions are cut, the log is replayed, the same port answers again. */
async function restart(): Promise<void> {
  const { postgres } = await findBinaries(home);
  await runAs(join(dirname(postgres), "pg_ctl"), ["restart", "-w", "-m", "immediate", "-D", join(home, "postgres-18"), "-l", "/dev/null"]);
}

test("a server that restarts under a batch costs a try: the batch is stored once, by the same container", async () => {
  await lambda.invoke([record()]);
  await database.client.query("BEGIN; LOCK TABLE user_logins");
  const under = lambda.invoke(Array.from({ length: 50 }, () => record()));
  await untilWaiting(database);
  await restart();
  expect(await under).toEqual({ batchItemFailures: [] });
  expect(await lambda.invoke([record()])).toEqual({ batchItemFailures: [] });
  expect(await rowsNow()).toBe(52);
});

/** Counts the rows on a new connection: the earlier one ended with the server. */
async function rowsNow(): Promise<number> {
  return lambda.database.run(
    async (client) => (await client.query("SELECT count(*)::int AS rows FROM user_logins")).rows[0].rows,
    new Deadline(5_000),
  );
}
