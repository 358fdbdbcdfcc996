import { beforeEach, describe, expect, test } from "@jest/globals";
import { useSchemaDeployment } from "../support/schema-deployment.ts";

const fixture = useSchemaDeployment();
beforeEach(() => fixture.deploy());

const TABLE = "CREATE TABLE people (who text, at text)";
const PERSON = "INSERT INTO people VALUES ('alice@example.org', '10 Downing Street')";
const raise = (using: string) =>
  `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is known', NEW.who USING HINT = NEW.at${using}; END $$;
   CREATE TRIGGER refuse BEFORE INSERT ON people FOR EACH ROW EXECUTE PROCEDURE refuse(); ${PERSON}`;

describe("a migration that fails because of a value", () => {
  test.each([
    ["an address cast to a number", `${PERSON}; ALTER TABLE people ALTER who TYPE bigint USING who::bigint`, "22P02"],
    ["an address cast to a date", `${PERSON}; ALTER TABLE people ALTER at TYPE date USING at::date`, "22007"],
    ["a trigger that quotes it", raise(""), "P0001"],
    ["a trigger that quotes it under another code", raise(", ERRCODE = 'check_violation'"), "23514"],
    [
      "a view's check option",
      `CREATE VIEW bobs AS SELECT * FROM people WHERE who = 'bob' WITH CHECK OPTION; INSERT INTO bobs VALUES ('alice@example.org', 'x')`,
      "44000",
    ],
  ])("reports file and SQLSTATE, not the value: %s", async (_what, sql, sqlstate) => {
    fixture.add("custom/migrations/001_people.sql", `${TABLE}; ${sql}`);
    expect(await fixture.failure()).toBe(
      `Postgres refused migration 001_people (SQLSTATE ${sqlstate}). Its message is withheld, because it may quote a row.`,
    );
  });

  test.each([
    [
      "a value is missing",
      `INSERT INTO people VALUES (NULL, 'alice@example.org'); ALTER TABLE people ALTER who SET NOT NULL`,
      "23502",
      "table people, column who",
    ],
    [
      "a value is there twice",
      `ALTER TABLE people ADD CONSTRAINT once UNIQUE (who); ${PERSON}; ${PERSON}`,
      "23505",
      "table people, constraint once",
    ],
    [
      "a check fails",
      `${PERSON}; ALTER TABLE people ADD CONSTRAINT short CHECK (length(who) < 3)`,
      "23514",
      "table people, constraint short",
    ],
  ])("names table and column or constraint if %s", async (_what, sql, sqlstate, places) => {
    fixture.add("custom/migrations/001_people.sql", `${TABLE}; ${sql}`);
    const message = await fixture.failure();
    expect(message).toMatch(new RegExp(`^Postgres refused migration 001_people \\(SQLSTATE ${sqlstate}\\): .*\\. See ${places}\\.$`));
    expect(message).not.toMatch(/alice|Downing/);
  });
});

describe("of two new migrations of which the second fails", () => {
  test("in one folder, none has run", async () => {
    fixture.add("custom/migrations/001_people.sql", TABLE);
    fixture.add("custom/migrations/002_more.sql", "SELECT nothing");
    expect(await fixture.failure()).toContain("migration 002_more (SQLSTATE 42703)");
    expect(await fixture.database.rows("SELECT to_regclass('people') AS made")).toEqual([{ made: null }]);
    fixture.add("custom/migrations/002_more.sql", "SELECT 1");
    expect(await fixture.deploy()).toEqual(["001_people", "002_more"]);
  });

  test("in another folder, the first has run", async () => {
    fixture.add("schema/sql/migrations/900_people.sql", TABLE);
    fixture.add("custom/migrations/001_more.sql", "SELECT nothing");
    expect(await fixture.failure()).toContain("migration 001_more");
    fixture.add("custom/migrations/001_more.sql", "SELECT 1");
    expect(await fixture.deploy()).toEqual(["001_more"]);
  });
});
