import { describe, expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";

const fixture = useFixture();

/** The number of rows that COPY sends in one write. */
const CHUNK = 100;

const outcomes = () => fixture.lambda.reports.last.outcomes.map(({ outcome }) => outcome);

/** Delivers to a container that is ready. @returns the ids that failed and the statements that were sent */
async function deliver(records: readonly SQSRecord[]): Promise<{ failures: string[]; statements: string[] }> {
  await fixture.lambda.invoke([]);
  fixture.proxy.takeStatements();
  return { failures: await fixture.lambda.failures(records), statements: fixture.proxy.takeStatements() };
}

const dated = (i: number, create_date: string, locale = "RU") => record(login({ create_date, locale }), { messageId: idOf(i) });

describe("a batch whose rows end at the border of a chunk", () => {
  test.each([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1])(
    "is stored by one COPY, each row once, if it has %i rows",
    async (count) => {
      expect(await deliver(logins(count))).toEqual({ failures: [], statements: ["COPY"] });
      expect(await fixture.stored()).toEqual(idsBut(count));
    },
  );

  test.each([CHUNK, 2 * CHUNK])("is stored by one COPY, even if records without a row follow row %i", async (count) => {
    const records = logins(count + 3).map((one, i) => (i < count ? one : { ...one, body: "no login" }));
    const bad = [0, 1, 2].map((i) => idOf(count + i));
    expect(await deliver(records)).toEqual({ failures: bad, statements: ["COPY", "INSERT"] });
    expect(await fixture.stored()).toEqual(idsBut(count));
  });

  test("is settled row by row if Postgres refuses the last row of a chunk and the first of the next", async () => {
    await fixture.lambda.invoke([]);
    await fixture.sql("ALTER TABLE user_logins ADD CHECK (locale <> 'bad')");
    const bad = [CHUNK - 1, CHUNK];
    const { failures } = await deliver(logins(2 * CHUNK + 1, (i) => (bad.includes(i) ? { locale: "bad" } : {})));
    expect(failures).toEqual(bad.map(idOf));
    expect(await fixture.stored()).toEqual(idsBut(2 * CHUNK + 1, ...bad));
  });
});

describe("a message id that has rows on both sides of a border", () => {
  const days = Array.from({ length: 9 }, (_, day) => `2026-03-0${9 - day}`);
  const before = CHUNK - 4;

  test("has a row for each of its dates, and each of its messages has the outcome of its row", async () => {
    await fixture.lambda.invoke([]);
    await fixture.sql("ALTER TABLE user_logins ADD CHECK (locale <> 'bad')");
    const many = days.map((day) => dated(before, day, day === "2026-03-04" ? "bad" : "RU"));
    const { failures } = await deliver([
      ...many,
      record("{", { messageId: idOf(before) }),
      ...logins(before),
      ...logins(before + 3).slice(-2),
    ]);
    expect(failures).toEqual([idOf(before)]);
    const ofDays = days.map((day) => (day === "2026-03-04" ? "rejected" : "stored"));
    expect(outcomes()).toEqual([...ofDays, "rejected", ...Array(before + 2).fill("stored")]);
    const rows = await fixture.database.rows("SELECT create_date::text AS date FROM user_logins WHERE message_id = $1 ORDER BY 1", [
      idOf(before),
    ]);
    expect(rows.map(({ date }) => date)).toEqual(days.toReversed().filter((day) => day !== "2026-03-04"));
  });

  test("keeps the first of the messages with one date, and reports the others as duplicates", async () => {
    const [day, other] = ["2026-03-01", "2026-03-02"] as const;
    const many = [dated(before, other, "1"), dated(before, day, "2"), dated(before, other, "3"), dated(before, day, "4")];
    expect(await deliver([...many, ...logins(before)])).toEqual({ failures: [], statements: ["COPY"] });
    expect(outcomes().slice(0, 4)).toEqual(["stored", "stored", "duplicate", "duplicate"]);
    const rows = await fixture.database.rows("SELECT locale FROM user_logins WHERE message_id = $1 ORDER BY create_date", [idOf(before)]);
    expect(rows).toEqual([{ locale: "2" }, { locale: "1" }]);
  });
});

test("a batch without rows needs only the statement that writes its rejections", async () => {
  const records = logins(CHUNK + 1).map((one) => ({ ...one, body: "no login" }));
  expect(await deliver(records)).toEqual({ failures: idsBut(CHUNK + 1), statements: ["INSERT"] });
  expect(outcomes()).toEqual(Array(CHUNK + 1).fill("rejected"));
});
