import { describe, expect, test } from "@jest/globals";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";

const fixture = useFixture();

const ORDERED_BY_ID = ["23P01", "23505"];

interface Refusal {
  name: string;
  /** A change by the table's owner. After it, Postgres refuses a row whose locale is "bad". */
  arrange: string;
  sqlstate: string | null;
  /** Whether COPY's error names the line. */
  line: boolean;
  field?: string;
}

const trigger = (when: string, body: string, name = "guard") =>
  `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$;
   CREATE TRIGGER ${name} ${when} ON user_logins FOR EACH ROW EXECUTE PROCEDURE ${name}()`;
const RAISE = "IF NEW.locale = 'bad' THEN RAISE 'refused %', NEW.locale; END IF; RETURN NEW;";
const LOCALES = "CREATE TABLE locales (locale varchar(32) PRIMARY KEY); INSERT INTO locales VALUES ('RU');";
const FOREIGN_KEY = `${LOCALES} ALTER TABLE user_logins ADD FOREIGN KEY (locale) REFERENCES locales`;

const REFUSALS: Refusal[] = [
  { name: "a check", arrange: "ALTER TABLE user_logins ADD CHECK (locale <> 'bad')", sqlstate: "23514", line: true },
  {
    name: "a NOT NULL",
    arrange: `ALTER TABLE user_logins ALTER device_type SET NOT NULL; ${trigger(
      "BEFORE INSERT",
      "IF NEW.locale = 'bad' THEN NEW.device_type := NULL; END IF; RETURN NEW;",
    )}`,
    sqlstate: "23502",
    line: true,
    field: "device_type",
  },
  {
    name: "the length of a column",
    arrange: "UPDATE user_logins SET locale = NULL; ALTER TABLE user_logins ALTER locale TYPE varchar(2)",
    sqlstate: "22001",
    line: true,
  },
  { name: "a foreign key", arrange: FOREIGN_KEY, sqlstate: "23503", line: false },
  { name: "a deferred foreign key", arrange: `${FOREIGN_KEY} DEFERRABLE INITIALLY DEFERRED`, sqlstate: "23503", line: false },
  {
    name: "an exclusion constraint",
    arrange:
      "INSERT INTO user_logins (user_id, locale, create_date, message_id) VALUES ('earlier', 'bad', '2020-01-01', 'earlier');" +
      "ALTER TABLE user_logins ADD EXCLUDE USING btree (locale WITH =) WHERE (locale = 'bad')",
    sqlstate: "23P01",
    line: true,
  },
  {
    name: "a unique constraint of the table's owner",
    arrange:
      "INSERT INTO user_logins (user_id, locale, create_date, message_id) VALUES ('earlier', 'bad', '2020-01-01', 'earlier');" +
      "CREATE UNIQUE INDEX ON user_logins (locale) WHERE locale = 'bad'",
    sqlstate: "23505",
    line: true,
  },
  { name: "a BEFORE trigger that raises", arrange: trigger("BEFORE INSERT", RAISE), sqlstate: "P0001", line: true },
  { name: "an AFTER trigger that raises", arrange: trigger("AFTER INSERT", RAISE), sqlstate: "P0001", line: false },
  {
    name: "a BEFORE trigger that leaves it out silently",
    arrange: trigger("BEFORE INSERT", "IF NEW.locale = 'bad' THEN RETURN NULL; END IF; RETURN NEW;"),
    sqlstate: null,
    line: false,
  },
];

/** The id of the row that the change itself stored, if any. */
const listEarlier = (refusal: Refusal) => (ORDERED_BY_ID.includes(refusal.sqlstate ?? "") ? ["earlier"] : []);

/** Makes the change after the container has checked the table, so that only Postgres can refuse. */
async function arrange(refusal: Refusal): Promise<void> {
  await fixture.lambda.invoke([record("not a login")]);
  await fixture.sql("TRUNCATE rejections");
  await fixture.sql(refusal.arrange);
  fixture.proxy.takeStatements();
}

describe.each(REFUSALS.map((refusal) => [refusal.name, refusal] as const))("a row that %s refuses", (_name, refusal) => {
  const rejection = (i: number) => ({
    message_id: idOf(i),
    code: "refused_by_database",
    field: refusal.field ?? null,
    sqlstate: refusal.sqlstate,
  });

  test("is rejected if it is alone in its batch", async () => {
    await arrange(refusal);
    expect(await fixture.lambda.failures(logins(1, () => ({ locale: "bad" })))).toEqual([idOf(0)]);
    expect(await fixture.stored()).toEqual(listEarlier(refusal));
    expect(await fixture.rejected()).toEqual([rejection(0)]);
  });

  test.each([0, 37, 99])("is the only rejected row as number %i of a batch of 100, with few statements", async (bad) => {
    await arrange(refusal);
    expect(await fixture.lambda.failures(logins(100, (i) => (i === bad ? { locale: "bad" } : {})))).toEqual([idOf(bad)]);
    expect(await fixture.stored()).toEqual([...idsBut(100, bad), ...listEarlier(refusal)]);
    expect(await fixture.rejected()).toEqual([rejection(bad)]);
    expect(fixture.lambda.reports.last.outcomes.map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 100 }, (_, i) => (i === bad ? "rejected" : "stored")),
    );
    const statements = fixture.proxy.takeStatements();
    expect(statements[0]).toBe("COPY");
    // COPY, the others, the row, and the rejection. Without a line: COPY, the search or INSERT and keys, and the rejection.
    expect(statements.length).toBeLessThanOrEqual(refusal.line ? 4 : 7);
  });

  test("is rejected again on redelivery, and the other rows are then duplicates", async () => {
    await arrange(refusal);
    const batch = (receiveCount: number) => logins(3, (i) => (i === 1 ? { locale: "bad" } : {}), { receiveCount });
    await fixture.lambda.invoke(batch(1));
    expect(await fixture.lambda.failures(batch(2))).toEqual([idOf(1)]);
    expect(fixture.lambda.reports.last.outcomes.map(({ outcome }) => outcome)).toEqual(["duplicate", "rejected", "duplicate"]);
    expect(await fixture.rejected()).toEqual([rejection(1), rejection(1)]);
  });
});

test("several refused rows of a batch are rejected, each for its own reason, and the others are stored", async () => {
  await fixture.lambda.invoke([record("not a login")]);
  await fixture.sql("TRUNCATE rejections; ALTER TABLE user_logins ADD CHECK (locale <> 'bad'), ALTER user_id TYPE varchar(40)");
  const batch = logins(100, (i) => (i % 40 === 3 ? { locale: "bad" } : i === 50 ? { user_id: "u".repeat(41) } : {}));
  expect((await fixture.lambda.failures(batch)).sort()).toEqual([3, 43, 50, 83].map(idOf));
  expect(await fixture.stored()).toEqual(idsBut(100, 3, 43, 50, 83));
  expect((await fixture.rejected()).map(({ sqlstate }) => sqlstate)).toEqual(["23514", "23514", "22001", "23514"]);
});

describe("a row that a trigger leaves out on one of the days of its id", () => {
  const onDay = (day: string, receiveCount = 1) => record(login({ create_date: day }), { messageId: idOf(0), receiveCount });

  test.each([1, 2])("is refused although the id is stored for another day (receive count %i)", async (receiveCount) => {
    await fixture.lambda.invoke([onDay("2026-03-01")]);
    await fixture.sql(trigger("BEFORE INSERT", "IF NEW.create_date = '2026-03-02' THEN RETURN NULL; END IF; RETURN NEW;"));
    const batch = [onDay("2026-03-02", receiveCount), record(login(), { messageId: idOf(1) })];
    expect(await fixture.lambda.failures(batch)).toEqual([idOf(0)]);
    expect(await fixture.stored()).toEqual([idOf(0), idOf(1)]);
  });
});
