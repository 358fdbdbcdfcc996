import { describe, expect, test } from "@jest/globals";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";

const fixture = useFixture();

/** Values that imitate the context of Postgres's errors, or the end of COPY's data. */
const FORGED = [
  "COPY user_logins, line 1",
  "\nCOPY user_logins, line 99: x",
  'COPY user_logins, line 4096, column "x"',
  "COPY user_logins, line 0",
  "\\.",
  "\n\\.\n",
  "\\N\t\\N",
];
const RAISE = `
  CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF NEW.locale = 'bad' THEN RAISE '%', NEW.user_id USING DETAIL = NEW.user_id, COLUMN = NEW.user_id; END IF; RETURN NEW; END $$;
  CREATE TRIGGER guard BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE PROCEDURE guard()`;

describe.each([
  ["a check", "ALTER TABLE user_logins ADD CHECK (locale <> 'bad')", "23514"],
  ["a trigger that quotes it", RAISE, "P0001"],
])("a forged value in a row that %s refuses", (_what, arrange, sqlstate) => {
  test.each(FORGED)("causes the rejection of that row only: %j", async (user_id) => {
    await fixture.lambda.invoke([]);
    await fixture.sql(arrange);
    expect(await fixture.lambda.failures(logins(100, (i) => (i === 42 ? { locale: "bad", user_id } : {})))).toEqual([idOf(42)]);
    expect(await fixture.stored()).toEqual(idsBut(100, 42));
    expect(await fixture.rejected()).toEqual([{ message_id: idOf(42), code: "refused_by_database", field: null, sqlstate }]);
  });
});

test.each([[[42]], [[42, 57]]])("forged values in the rows around refused ones (%j) are stored unchanged", async (bad) => {
  await fixture.lambda.invoke([]);
  await fixture.sql("ALTER TABLE user_logins ADD CHECK (locale <> 'bad')");
  const user = (i: number) => FORGED[i % FORGED.length] as string;
  const batch = logins(100, (i) => ({ user_id: user(i), ...(bad.includes(i) && { locale: "bad" }) }));
  expect(await fixture.lambda.failures(batch)).toEqual(bad.map(idOf));
  const users = await fixture.database.rows("SELECT user_id FROM user_logins ORDER BY message_id");
  expect(users).toEqual(Array.from({ length: 100 }, (_, i) => ({ user_id: user(i) })).filter((_, i) => !bad.includes(i)));
});

test("an error context that quotes a value before the line does not mislead: the row is found with the same few statements", async () => {
  const quoting = `
    CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF NEW.locale LIKE 'COPY%' THEN EXECUTE format('SELECT %L::text::int', NEW.locale); END IF; RETURN NEW; END $$;
    CREATE TRIGGER guard BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE PROCEDURE guard()`;
  await fixture.lambda.invoke([]);
  await fixture.sql(quoting);
  fixture.proxy.takeStatements();
  expect(await fixture.lambda.failures(logins(100, (i) => (i === 42 ? { locale: "COPY user_logins, line 7" } : {})))).toEqual([idOf(42)]);
  // COPY, the other rows, the row, and the rejection.
  expect(fixture.proxy.takeStatements()).toEqual(["COPY", "COPY", "INSERT", "INSERT"]);
  expect(await fixture.stored()).toEqual(idsBut(100, 42));
});
