import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { dataFolder, masqueue } from "../support/masqueue.ts";

const SPOIL = "ALTER TABLE user_logins DROP COLUMN locale, ALTER user_id TYPE varchar(9), ADD COLUMN old text";

describe("masqueue diff --env", () => {
  let database: TestDatabase;
  let named: Record<string, string>;
  beforeEach(async () => {
    database = await createDatabase();
    const { host, port, user, password, database: name } = database.config;
    named = { PGHOST: String(host), PGPORT: String(port), PGUSER: String(user), PGPASSWORD: String(password), PGDATABASE: String(name) };
  });
  afterEach(() => database.drop());

  const diff = (...more: string[]) => masqueue(["diff", "--env", ...more], named);

  test("prints nothing on stdout and ends with 0 if nothing differs", async () => {
    expect(await diff()).toMatchObject({ code: 0, stdout: "", stderr: expect.stringContaining("\nuser_logins: equal\n") });
  });

  test("tells the differences on stderr, prints a migration that runs as it is, and ends with 1", async () => {
    await database.client.query(SPOIL);
    const { code, stdout, stderr } = await diff("--pipeline", "user-logins");
    expect(code).toBe(1);
    expect(stderr.split("\n").slice(1)).toEqual([
      "user_logins: differs",
      "  column user_id holds 9 characters, 128 are needed",
      "  column locale is missing",
      "  comments are missing or out of date: locale",
      "  note: column old is not declared; it is kept, and stays NULL in new rows",
      "",
    ]);
    expect(stdout).toBe(
      [
        "-- Up Migration",
        'ALTER TABLE "user_logins" ALTER COLUMN "user_id" TYPE varchar(128);',
        'ALTER TABLE "user_logins" ADD COLUMN "locale" varchar(32);',
        `COMMENT ON COLUMN "user_logins"."locale" IS 'Field locale.';`,
        "",
      ].join("\n"),
    );
    await database.client.query(stdout);
    expect(await diff()).toMatchObject({ code: 0, stdout: "" });
  });

  test("prints one JSON object", async () => {
    await database.client.query(SPOIL);
    const { code, stdout } = await diff("--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      equal: false,
      tables: [{ table: "user_logins", byHand: [], grants: null }],
      migration: expect.stringMatching(/^-- Up Migration\nALTER/),
    });
  });

  test("compares nothing while migrations are pending, and names them", async () => {
    await database.client.query("DELETE FROM masqueue_migrations WHERE name >= '005'");
    const { code, stdout, stderr } = await diff();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("These migrations have not run: 005_comments. Run `masqueue migrate --env` first.");
  });

  test("is refused for a pipeline that does not exist", async () => {
    expect(await diff("--pipeline", "nosuch")).toMatchObject({ code: 2, stderr: expect.stringContaining("There is no pipeline nosuch.") });
  });
});

describe("masqueue diff", () => {
  const data = dataFolder();
  afterEach(() => data.remove());

  test("compares the declarations with the migrations on a new embedded database", async () => {
    expect(await masqueue(["diff", "--data", data.path])).toMatchObject({ code: 0, stdout: "" });
  });
});
