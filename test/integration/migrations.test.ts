import { describe, expect, test } from "@jest/globals";
import pg from "pg";
import { MigrationError } from "../../lambda/errors.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { migrate } from "../../lambda/schema/runner.ts";
import { commentTable } from "../../local/tables/ddl.ts";
import { idsBut, logins, useFixture } from "../support/fixture.ts";
import { createRole } from "../support/roles.ts";
import { holdTable } from "../support/sessions.ts";

const fixture = useFixture({ migrated: false });

const ALL = ["001_user_logins", "002_rejections", "003_mask_keys", "004_unknown_fields", "005_comments"];

/** Everything that a migration could create or change: relations, columns and their types, constraints. */
async function schema(): Promise<unknown> {
  return fixture.database.rows(
    `SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull,
            (SELECT array_agg(conname ORDER BY conname) FROM pg_constraint WHERE conrelid = c.oid) AS constraints
     FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
     WHERE c.relnamespace = 'public'::regnamespace ORDER BY c.relname, a.attnum`,
  );
}

describe("a migration", () => {
  test("creates the table that the pipeline needs in an empty database", async () => {
    expect(await migrate(fixture.database.client)).toEqual(ALL);
    const columns = await fixture.database.rows(
      `SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' not null' ELSE '' END AS text
       FROM pg_attribute WHERE attrelid = 'user_logins'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    expect(columns.map(({ text }) => text)).toEqual([
      "user_id character varying(128)",
      "device_type character varying(32)",
      "masked_ip character varying(256)",
      "masked_device_id character varying(256)",
      "locale character varying(32)",
      "app_version character varying(32)",
      "create_date date not null",
      "message_id text not null",
    ]);
    expect(await fixture.lambda.failures(logins(3))).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });

  test("creates the key in the order date, id, and the id with collation C", async () => {
    await migrate(fixture.database.client);
    expect(await fixture.database.rows("SELECT indexdef FROM pg_indexes WHERE tablename = 'user_logins'")).toEqual([
      { indexdef: expect.stringMatching(/^CREATE UNIQUE INDEX .*\(create_date, message_id\)$/) },
    ]);
    expect(
      await fixture.database.rows(
        "SELECT collation_name FROM information_schema.columns WHERE column_name = 'message_id' AND table_name = 'user_logins'",
      ),
    ).toEqual([{ collation_name: "C" }]);
  });

  test("does nothing the second time", async () => {
    await migrate(fixture.database.client);
    await fixture.lambda.invoke(logins(3));
    const before = await schema();
    expect(await migrate(fixture.database.client)).toEqual([]);
    expect(await schema()).toEqual(before);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });

  test("is done by one of two that start together", async () => {
    const clients = [new pg.Client(fixture.database.config), new pg.Client(fixture.database.config)];
    await Promise.all(clients.map((client) => client.connect()));
    const done = await Promise.all(clients.map((client) => migrate(client)));
    await Promise.all(clients.map((client) => client.end()));
    expect(done.flat()).toEqual(ALL);
    expect(await fixture.lambda.failures(logins(3))).toEqual([]);
  });

  test("that finds a table in use fails after the lock timeout with the reason; nothing is half done", async () => {
    await fixture.sql("CREATE TABLE user_logins (user_id varchar(128), app_version integer, create_date date)");
    const before = await fixture.database.rows("SELECT * FROM pg_attribute WHERE attrelid = 'user_logins'::regclass ORDER BY attnum");
    const release = await holdTable(fixture.database);
    const failure = await migrate(fixture.database.client, { lockTimeout: 100 }).catch((error: Error) => error);
    await release();
    expect(failure).toBeInstanceOf(MigrationError);
    expect(failure).toMatchObject({ message: expect.stringContaining("in use for longer than 100 ms") });
    expect(await fixture.database.rows("SELECT * FROM pg_attribute WHERE attrelid = 'user_logins'::regclass ORDER BY attnum")).toEqual(
      before,
    );
    expect(await migrate(fixture.database.client)).toEqual(ALL);
  });
});

test("a role that may not create tables gets an error that says so, and nothing is changed", async () => {
  await fixture.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  const role = await createRole(fixture.database, "");
  const client = new pg.Client(role.config);
  await client.connect();
  await expect(migrate(client)).rejects.toThrow(`Role ${role.name} may not create tables in schema public`);
  await client.end();
  await role.drop();
});

describe("comments", () => {
  const comments = () =>
    fixture.database.rows<{ relation: string; name: string | null; comment: string | null }>(
      `SELECT relname AS relation, attname AS name, CASE WHEN attnum IS NULL THEN obj_description(c.oid) ELSE col_description(c.oid, attnum) END AS comment
       FROM pg_class c JOIN (SELECT attrelid, attname, attnum FROM pg_attribute WHERE attnum > 0 UNION SELECT oid, NULL, NULL FROM pg_class) AS part ON attrelid = c.oid
       WHERE relkind IN ('r', 'v') AND relnamespace = 'public'::regnamespace AND relname !~ 'migrations$'
       ORDER BY relation, name NULLS FIRST`,
    );
  const ofLogins = async () => (await comments()).filter(({ relation }) => relation === "user_logins");

  test("of user_logins are those of its declaration", async () => {
    await migrate(fixture.database.client);
    const migrated = await ofLogins();
    await fixture.sql(commentTable(userLogins));
    expect(migrated).toEqual(await ofLogins());
    expect(migrated).toHaveLength(9);
  });

  test("stand on every table and view, and on every column of a table but its number", async () => {
    await migrate(fixture.database.client);
    const bare = (await comments()).filter(
      ({ relation, name, comment }) => comment === null && name !== "id" && (name === null || relation !== "rejected_messages"),
    );
    expect(bare).toEqual([]);
  });

  test("that an existing user_logins has are kept", async () => {
    await fixture.sql("CREATE TABLE user_logins (user_id varchar(128), app_version integer, create_date date)");
    await fixture.sql("COMMENT ON TABLE user_logins IS 'Ours'; COMMENT ON COLUMN user_logins.user_id IS 'Our users'");
    await migrate(fixture.database.client);
    const kept = (await ofLogins()).filter(({ comment }) => comment?.startsWith("Our"));
    expect(kept.map(({ name }) => name)).toEqual([null, "user_id"]);
  });
});

describe("a dry run", () => {
  test("prints the statements and changes nothing at all", async () => {
    const printed: string[] = [];
    expect(await migrate(fixture.database.client, { dryRun: true, print: (text) => printed.push(text) })).toEqual(ALL);
    for (const statement of [
      "CREATE TABLE IF NOT EXISTS user_logins",
      "CREATE TABLE rejections",
      "CREATE TABLE mask_keys",
      "CREATE TABLE unknown_fields",
    ]) {
      expect(printed.join("\n")).toContain(statement);
    }
    expect(await schema()).toEqual([]);
    expect(await migrate(fixture.database.client)).toEqual(ALL);
  });

  test("of a database that is up to date prints nothing", async () => {
    await migrate(fixture.database.client);
    const [before, printed] = [await schema(), [] as string[]];
    expect(await migrate(fixture.database.client, { dryRun: true, print: (text) => printed.push(text) })).toEqual([]);
    expect(printed).toEqual([]);
    expect(await schema()).toEqual(before);
  });
});
