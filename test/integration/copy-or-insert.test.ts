import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { Deadline } from "../../lambda/deadline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { storeRows } from "../../lambda/postgres/store-rows.ts";
import { describeTable } from "../../lambda/postgres/table.ts";
import { MaskedRow } from "../../lambda/rows/masked-row.ts";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";
import { holdTable, untilWaiting } from "../support/sessions.ts";

const fixture = useFixture();

describe("messages that were delivered before are inserted", () => {
  const again = (i: number, fields = {}) => record(login(fields), { messageId: idOf(i), receiveCount: 2 });

  test("beside a COPY of the others, without waiting for an answer in between", async () => {
    await fixture.lambda.invoke([]);
    const release = await holdTable(fixture.database);
    fixture.proxy.takeStatements();
    const failures = fixture.lambda.failures([...logins(3), again(3)]);
    await untilWaiting(fixture.database);
    const sent: string[] = [];
    for (; sent.length < 2; await wait(1)) sent.push(...fixture.proxy.takeStatements());
    expect(sent).toEqual(["INSERT", "COPY"]);
    await release();
    expect(await failures).toEqual([]);
    expect(fixture.proxy.takeStatements()).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(4));
  });

  test("and each row has its own verdict, whichever of the two Postgres refuses", async () => {
    await fixture.lambda.invoke(logins(2));
    await fixture.sql("ALTER TABLE user_logins ADD CHECK (locale <> 'bad')");
    const bad = { locale: "bad" };
    const batch = [...logins(9, (i) => (i % 4 === 3 ? bad : {})).slice(1), again(0), again(10), again(11, bad), again(12, bad)];
    expect((await fixture.lambda.failures(batch)).sort()).toEqual([3, 7, 11, 12].map(idOf));
    const outcomes = fixture.lambda.reports.last.outcomes.filter(({ outcome }) => outcome === "duplicate");
    expect(outcomes.map(({ messageId }) => messageId).sort()).toEqual([0, 1].map(idOf));
    expect(await fixture.stored()).toEqual([0, 1, 2, 4, 5, 6, 8, 10].map(idOf));
  });
});

describe("a batch is inserted without trying COPY first", () => {
  test("if its pipeline stores each event-id once, because producers repeat events", async () => {
    const lambda = fixture.container(fixture.proxy.config, { pipeline: { ...userLogins, once: "event-id" } });
    await lambda.invoke([]);
    fixture.proxy.takeStatements();
    expect(await lambda.failures(logins(3))).toEqual([]);
    expect(fixture.proxy.takeStatements()).toEqual(["INSERT"]);
  });

  test.each([
    [true, ["INSERT"]],
    [false, ["COPY"]],
  ])("if the database is behind a pooler: %s", async (isPooled, statements) => {
    // A pooler announces its own process ids, not the server's.
    if (isPooled) await fixture.lambda.database.run(async (client) => Object.assign(client, { processID: -1 }), new Deadline(10_000));
    await fixture.lambda.invoke([]);
    fixture.proxy.takeStatements();
    expect(await fixture.lambda.failures(logins(3))).toEqual([]);
    expect(fixture.proxy.takeStatements()).toEqual(statements);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });
});

test("a late refusal leaves no time for a second COPY, so rows that were not tried stay unsettled", async () => {
  await fixture.lambda.invoke([]);
  await fixture.sql("ALTER TABLE user_logins ADD CHECK (locale <> 'bad')");
  fixture.proxy.takeStatements();
  let clock = 0;
  function* rows(): Generator<MaskedRow> {
    for (const [i, locale] of ["good", "bad", "good"].entries()) {
      yield new MaskedRow({ date: "2026-03-01", id: idOf(i) }, [i], ["u", null, null, null, locale, null, "2026-03-01", idOf(i)]);
    }
    // Three quarters of the time: too late for the search for refused rows, early enough for the COPY.
    clock += 22_500;
  }
  const settled = await storeRows(
    fixture.lambda.database,
    describeTable(userLogins),
    { fresh: rows(), repeated: [] },
    true,
    new Deadline(30_000, () => clock),
  );
  expect(settled.map(({ outcome }) => outcome.kind)).toEqual(["unsettled", "unsettled", "unsettled"]);
  expect(fixture.proxy.takeStatements()).toEqual(["COPY"]);
  expect(await fixture.stored()).toEqual([]);
});

test("a connection that is lost late fails the batch with its error, instead of a response that only asks for a redelivery", async () => {
  await fixture.lambda.invoke([]);
  fixture.proxy.cutAt("client", idOf(2));
  let clock = 0;
  function* rows(): Generator<MaskedRow> {
    for (let i = 0; i < 3; i++) {
      yield new MaskedRow({ date: "2026-03-01", id: idOf(i) }, [i], ["u", null, null, null, null, null, "2026-03-01", idOf(i)]);
    }
    clock += 22_500;
  }
  const settled = storeRows(
    fixture.lambda.database,
    describeTable(userLogins),
    { fresh: rows(), repeated: [] },
    true,
    new Deadline(30_000, () => clock),
  );
  await expect(settled).rejects.toMatchObject({ code: "database_unavailable" });
  expect(await fixture.stored()).toEqual([]);
});

describe("the other rows are copied once more if one is refused", () => {
  const bodies = (special: Readonly<Record<number, string>>) => logins(20, (i) => (special[i] ? { locale: special[i] } : {}));

  test.each([
    [
      "and if several are refused, the server looks for them",
      { 5: "bad", 9: "bad", 17: "bad" },
      [5, 9, 17],
      ["BEGIN", "SELECT", "DO", "SELECT", "COMMIT"],
    ],
    [
      "and one of them that a trigger leaves out is rejected, too",
      { 3: "skipped", 5: "bad", 12: "skipped" },
      [3, 5, 12],
      ["SELECT", "INSERT", "SELECT", "INSERT"],
    ],
  ])("%s", async (_title, special, refused, then) => {
    await fixture.lambda.invoke([]);
    await fixture.sql(`
      ALTER TABLE user_logins ADD CHECK (locale <> 'bad');
      CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RETURN CASE WHEN NEW.locale = 'skipped' THEN NULL ELSE NEW END; END $$;
      CREATE TRIGGER guard BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE PROCEDURE guard()`);
    fixture.proxy.takeStatements();
    expect(await fixture.lambda.failures(bodies(special))).toEqual(refused.map(idOf));
    expect(fixture.proxy.takeStatements()).toEqual(["COPY", "COPY", ...then, "INSERT"]);
    expect(await fixture.stored()).toEqual(idsBut(20, ...refused));
  });
});
