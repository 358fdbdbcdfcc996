import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { migrate } from "../../lambda/schema/runner.ts";
import { binariesIn, resolveReachable } from "../../local/emulators/postgres/binaries.ts";
import { type EmbeddedPostgres, startPostgres } from "../../local/emulators/postgres/server.ts";
import { type Container, container } from "../support/container.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { expectFirstBatches } from "../support/first-batches.ts";
import { idOf, idsBut, logins } from "../support/fixture.ts";

const NATIVE = join(import.meta.dirname, "../../node_modules/postgres-10/native");
const PLATFORM = `${process.platform}-${process.arch}`;

/** The oldest server that works. Its npm package exists for one platform; on others, the one test here reports that it was not tried. */
if (PLATFORM === "linux-x64") describe("on Postgres 10", onPostgres10);
else test(`Postgres 10 is not tried on ${PLATFORM}, for which there is no package`, () => expect(PLATFORM).not.toBe("linux-x64"));

function onPostgres10(): void {
  let home: string;
  let server: EmbeddedPostgres;
  let database: TestDatabase;
  let lambda: Container;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "masqueue-postgres-10-"));
    server = await startPostgres(home, ["fsync=off"], binariesIn(resolveReachable(NATIVE, home)));
    database = await createDatabase({ server: server.config });
    lambda = container(database.config);
  });
  afterAll(async () => {
    await lambda.close();
    await database.drop();
    await server.stop();
    rmSync(home, { recursive: true });
  });

  const stored = async () => (await database.rows("SELECT message_id AS id FROM user_logins ORDER BY 1")).map(({ id }) => id);

  test("the server has that version", async () => {
    expect(await database.rows("SHOW server_version")).toEqual([{ server_version: expect.stringMatching(/^10\./) }]);
  });

  test("good rows are stored by COPY, bad ones rejected with their reason, repeated ones are duplicates", async () => {
    await expectFirstBatches(lambda, database);
  });

  test.each([
    ["a check", "ALTER TABLE user_logins ADD CONSTRAINT guard CHECK (locale <> 'bad')", "23514"],
    [
      "a foreign key",
      "CREATE TABLE locales (locale text PRIMARY KEY); INSERT INTO locales VALUES ('RU');" +
        "ALTER TABLE user_logins ADD CONSTRAINT guard FOREIGN KEY (locale) REFERENCES locales",
      "23503",
    ],
  ])("a row that %s refuses is rejected alone", async (_what, arrange, sqlstate) => {
    await database.client.query(`TRUNCATE user_logins, rejections; ${arrange}`);
    expect(await lambda.failures(logins(100, (i) => (i === 42 ? { locale: "bad" } : {})))).toEqual([idOf(42)]);
    expect(await stored()).toEqual(idsBut(100, 42));
    expect(await database.rows("SELECT message_id, sqlstate FROM rejections")).toEqual([{ message_id: idOf(42), sqlstate }]);
    await database.client.query("ALTER TABLE user_logins DROP CONSTRAINT guard");
  });

  test("a table that does not fit is reported in one sentence", async () => {
    await database.client.query("ALTER TABLE user_logins RENAME COLUMN locale TO place");
    const late = container(database.config);
    await expect(late.invoke(logins(1))).rejects.toMatchObject({ code: "table_mismatch" });
    await database.client.query("ALTER TABLE user_logins RENAME COLUMN place TO locale");
    expect(await late.failures(logins(1))).toEqual([]);
    await late.close();
  });

  test("a legacy table, which comes from this version, is upgraded with its rows", async () => {
    const old = await createDatabase({ server: server.config, migrated: false });
    await old.client.query(
      `CREATE TABLE user_logins (user_id varchar(128), device_type varchar(32), masked_ip varchar(256), masked_device_id varchar(256),
                                 locale varchar(32), app_version integer, create_date date);
       INSERT INTO user_logins VALUES ('u1', 'android', 'a', 'b', 'RU', 230, '2022-11-01'), ('u2', NULL, NULL, NULL, NULL, 2, NULL)`,
    );
    expect(await migrate(old.client)).toContain("001_user_logins");
    const upgraded = container(old.config);
    expect(await upgraded.failures(logins(1))).toEqual([]);
    expect(await old.rows("SELECT user_id, app_version, create_date::text, message_id FROM user_logins ORDER BY app_version")).toEqual([
      { user_id: "u2", app_version: "2", create_date: null, message_id: null },
      { user_id: expect.any(String), app_version: "2.3.0", create_date: "2026-03-01", message_id: idOf(0) },
      { user_id: "u1", app_version: "230", create_date: "2022-11-01", message_id: null },
    ]);
    await upgraded.close();
    await old.drop();
  });
}
