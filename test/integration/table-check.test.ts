import { afterEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { migrate } from "../../lambda/schema/runner.ts";
import type { Container } from "../support/container.ts";
import { idsBut, logins, useFixture } from "../support/fixture.ts";
import { createRole, type TestRole } from "../support/roles.ts";

const fixture = useFixture();
const roles: TestRole[] = [];

afterEach(async () => {
  for (const { drop } of roles.splice(0)) await drop();
});

/** Expects that the container fails with exactly these phrases, and stores and reports nothing. */
async function expectMismatch(lambda: Container, ...phrases: string[]): Promise<void> {
  const failure = await lambda.invoke(logins(3)).catch((error: Error) => error);
  expect(failure).toMatchObject({
    code: "table_mismatch",
    message: `Table user_logins does not fit pipeline user-logins: ${phrases.join("; ")}.`,
  });
  expect(lambda.reports.batches).toEqual([]);
  expect(await fixture.rejected()).toEqual([]);
}

const NO_KEY = "it has no unique key (create_date, message_id) that is valid, complete and not deferrable; run `masqueue migrate --env`";
const DROP_KEY = "ALTER TABLE user_logins DROP CONSTRAINT user_logins_create_date_message_id_key";

describe("a table that does not fit the pipeline fails the invocation with one sentence, and works as soon as it is mended", () => {
  test.each<[string, string, string[], string]>([
    [
      "is missing",
      "ALTER TABLE user_logins RENAME TO elsewhere",
      ["it does not exist; run `masqueue migrate --env`"],
      "ALTER TABLE elsewhere RENAME TO user_logins",
    ],
    [
      "lacks a column",
      "ALTER TABLE user_logins DROP COLUMN locale",
      ["column locale is missing; run `masqueue migrate --env`"],
      "ALTER TABLE user_logins ADD COLUMN locale varchar(32)",
    ],
    [
      "has a narrower text column",
      "ALTER TABLE user_logins ALTER user_id TYPE varchar(127)",
      ["column user_id holds 127 characters, 128 are needed"],
      "ALTER TABLE user_logins ALTER user_id TYPE varchar(128)",
    ],
    [
      "has a masked column too narrow for a token",
      "ALTER TABLE user_logins ALTER masked_ip TYPE varchar(34)",
      ["column masked_ip holds 34 characters, 35 are needed"],
      "ALTER TABLE user_logins ALTER masked_ip TYPE varchar(35)",
    ],
    [
      "has a column of another type",
      "ALTER TABLE user_logins ALTER app_version TYPE integer USING NULL",
      ["column app_version is integer, not text; run `masqueue migrate --env`"],
      "ALTER TABLE user_logins ALTER app_version TYPE text",
    ],
    [
      "has a timestamp for a date",
      "ALTER TABLE user_logins ALTER create_date TYPE timestamp",
      ["column create_date is timestamp without time zone, not date; run `masqueue migrate --env`"],
      "ALTER TABLE user_logins ALTER create_date TYPE date",
    ],
    ["has no key", DROP_KEY, [NO_KEY], "ALTER TABLE user_logins ADD UNIQUE (create_date, message_id)"],
    [
      "has a deferrable key",
      `${DROP_KEY}; ALTER TABLE user_logins ADD UNIQUE (create_date, message_id) DEFERRABLE`,
      [NO_KEY],
      "CREATE UNIQUE INDEX ON user_logins (create_date, message_id)",
    ],
    [
      "has a partial key",
      `${DROP_KEY}; CREATE UNIQUE INDEX ON user_logins (create_date, message_id) WHERE create_date > '2020-01-01'`,
      [NO_KEY],
      "CREATE UNIQUE INDEX ON user_logins (message_id, create_date)",
    ],
    [
      "has a key on one column only",
      `${DROP_KEY}; CREATE UNIQUE INDEX ON user_logins (message_id)`,
      [NO_KEY],
      "CREATE UNIQUE INDEX ON user_logins (create_date, message_id)",
    ],
    [
      "has a key on more columns",
      `${DROP_KEY}; CREATE UNIQUE INDEX ON user_logins (create_date, message_id, user_id)`,
      [NO_KEY],
      "CREATE UNIQUE INDEX ON user_logins (create_date, message_id)",
    ],
    [
      "has a key on an expression",
      `${DROP_KEY}; CREATE UNIQUE INDEX ON user_logins (create_date, lower(message_id))`,
      [NO_KEY],
      "CREATE UNIQUE INDEX ON user_logins (create_date, message_id)",
    ],
    [
      "has an additional column that must not be null",
      "ALTER TABLE user_logins ADD COLUMN country text NOT NULL",
      ["column country is NOT NULL without a default and the pipeline does not fill it"],
      "ALTER TABLE user_logins ALTER country DROP NOT NULL",
    ],
    [
      "has several faults",
      "ALTER TABLE user_logins DROP COLUMN locale, ALTER user_id TYPE varchar(5)",
      ["column user_id holds 5 characters, 128 are needed", "column locale is missing; run `masqueue migrate --env`"],
      "ALTER TABLE user_logins ADD COLUMN locale text, ALTER user_id TYPE text",
    ],
  ])("because it %s", async (_what, spoil, phrases, mend) => {
    await fixture.sql(spoil);
    await expectMismatch(fixture.lambda, ...phrases);
    await fixture.sql(mend);
    expect(await fixture.lambda.failures(logins(3))).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });

  test("because its key's index is invalid after a failed CREATE INDEX CONCURRENTLY", async () => {
    await fixture.sql(DROP_KEY);
    const twin = "INSERT INTO user_logins (create_date, message_id) VALUES ('2020-01-01', 'twin')";
    await fixture.sql(`${twin}; ${twin}`);
    const concurrently = fixture.sql("CREATE UNIQUE INDEX CONCURRENTLY ON user_logins (create_date, message_id)");
    await expect(concurrently).rejects.toMatchObject({ code: "23505" });
    await expectMismatch(fixture.lambda, NO_KEY);
  });

  test("because row security applies to the role", async () => {
    const role = await createRole(fixture.database, "SELECT, INSERT");
    roles.push(role);
    await fixture.sql("ALTER TABLE user_logins ENABLE ROW LEVEL SECURITY");
    const lambda = fixture.container(role.config);
    await expectMismatch(lambda, "row security applies to this role, and COPY refuses it; grant the role BYPASSRLS or disable it");
    expect(await fixture.lambda.failures(logins(1))).toEqual([]);
    await fixture.sql(`ALTER ROLE ${role.name} BYPASSRLS`);
    expect(await lambda.failures(logins(3))).toEqual([]);
  });

  test("because the database is not in UTF8", async () => {
    const database = `${fixture.database.config.database}_ascii`;
    await fixture.sql(`CREATE DATABASE ${database} ENCODING 'SQL_ASCII' TEMPLATE template0`);
    const client = new pg.Client({ ...fixture.database.config, database });
    await client.connect();
    await migrate(client);
    await client.end();
    const lambda = fixture.container({ ...fixture.database.config, database });
    await expectMismatch(lambda, "the database's encoding is SQL_ASCII, UTF8 is needed");
    await lambda.close();
    await fixture.sql(`DROP DATABASE ${database}`);
  });
});

describe("a table with more than the pipeline needs", () => {
  test.each([
    ["wider columns", "ALTER TABLE user_logins ALTER user_id TYPE varchar(500), ALTER locale TYPE text, ALTER masked_ip TYPE varchar"],
    ["masked columns just wide enough", "ALTER TABLE user_logins ALTER masked_ip TYPE varchar(35)"],
    ["an additional nullable column", "ALTER TABLE user_logins ADD COLUMN country text"],
    ["an additional column with a default", "ALTER TABLE user_logins ADD COLUMN at timestamptz NOT NULL DEFAULT now()"],
    ["an identity column", "ALTER TABLE user_logins ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY"],
    ["a primary key for its key", `${DROP_KEY}; ALTER TABLE user_logins ADD PRIMARY KEY (message_id, create_date)`],
    ["columns in another order", "ALTER TABLE user_logins DROP COLUMN user_id; ALTER TABLE user_logins ADD COLUMN user_id text"],
  ])("passes the check: %s", async (_what, change) => {
    await fixture.sql(change);
    expect(await fixture.lambda.failures(logins(3))).toEqual([]);
    expect(await fixture.lambda.failures(logins(3))).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });
});
