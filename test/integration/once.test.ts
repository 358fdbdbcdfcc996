import { describe, expect, test } from "@jest/globals";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";

const fixture = useFixture();

const REDRIVEN = "0f8fad5b-d9cb-469f-a165-70867728950e";
const keys = () => fixture.database.rows("SELECT create_date::text AS date, message_id AS id FROM user_logins ORDER BY 1, 2");
const outcomes = () => fixture.lambda.reports.last.outcomes.map(({ outcome }) => outcome);

describe("the same message id", () => {
  test.each([1, 2])("twice in a batch is one row, and both messages are done (receive count %i)", async (receiveCount) => {
    const options = { messageId: idOf(0), receiveCount };
    expect(await fixture.lambda.failures([record(login(), options), record(login(), options)])).toEqual([]);
    expect(outcomes()).toEqual(["stored", "duplicate"]);
    expect(await fixture.stored()).toEqual([idOf(0)]);
  });

  test.each([1, 2])("in two batches is one row, and both messages are done (receive count %i)", async (receiveCount) => {
    await fixture.lambda.invoke(logins(2));
    expect(await fixture.lambda.failures(logins(3, () => ({}), { receiveCount }))).toEqual([]);
    expect(outcomes()).toEqual(["duplicate", "duplicate", "stored"]);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });

  test.each([1, 2])("in several containers at once is one row, and all messages are done (receive count %i)", async (receiveCount) => {
    const containers = [fixture.lambda, fixture.container(), fixture.container()];
    await Promise.all(containers.map(({ invoke }) => invoke([])));
    const batch = logins(500, () => ({}), { receiveCount });
    expect(await Promise.all(containers.map(({ failures }) => failures(batch)))).toEqual([[], [], []]);
    expect(await fixture.stored()).toEqual(idsBut(500));
    const stored = containers.flatMap(({ reports }) => reports.last.outcomes).filter(({ outcome }) => outcome === "stored");
    expect(stored.map(({ messageId }) => messageId).sort()).toEqual(idsBut(500));
  });

  test("is rejected with all its records if Postgres refuses its row", async () => {
    await fixture.lambda.invoke([]);
    await fixture.sql("ALTER TABLE user_logins ADD CHECK (locale <> 'bad')");
    const bad = record(login({ locale: "bad" }), { messageId: idOf(7) });
    expect(await fixture.lambda.failures([bad, ...logins(3), bad])).toEqual([idOf(7)]);
    expect(outcomes()).toEqual(["rejected", "stored", "stored", "stored", "rejected"]);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });

  test("keeps the first row if a later one differs", async () => {
    await fixture.lambda.invoke(logins(1, () => ({ locale: "first" })));
    await fixture.lambda.invoke(logins(1, () => ({ locale: "second" })));
    expect(await fixture.database.rows("SELECT locale FROM user_logins")).toEqual([{ locale: "first" }]);
  });

  test("costs two statements if its receive count is above 1, and four if only the table knows it", async () => {
    await fixture.lambda.invoke(logins(100));
    fixture.proxy.takeStatements();
    await fixture.lambda.invoke(logins(100, () => ({}), { receiveCount: 2 }));
    expect(fixture.proxy.takeStatements()).toEqual(["INSERT", "SELECT"]);
    await fixture.lambda.invoke(logins(100));
    expect(fixture.proxy.takeStatements()).toEqual(["COPY", "COPY", "INSERT", "SELECT"]);
  });
});

describe("a message that our own redrive has sent again", () => {
  const midnight = Date.UTC(2026, 2, 2);
  const first = { "masqueue-id": REDRIVEN, "masqueue-sent": String(midnight - 1) };

  test("is a duplicate of its first row, even after midnight", async () => {
    await fixture.lambda.invoke([record(login(), { messageId: REDRIVEN, sent: midnight - 1 })]);
    const redriven = record(login(), { messageId: idOf(1), sent: midnight + 60_000, attributes: first });
    expect(await fixture.lambda.failures([redriven])).toEqual([]);
    expect(outcomes()).toEqual(["duplicate"]);
    expect(await keys()).toEqual([{ date: "2026-03-01", id: REDRIVEN }]);
  });

  test("is reported under the id of its delivery if it fails again", async () => {
    const redriven = record("not a login", { messageId: idOf(1), attributes: first });
    expect(await fixture.lambda.failures([redriven])).toEqual([idOf(1)]);
  });

  test.each([
    ["no UUID", { "masqueue-id": "424cdd21" }, { date: "2026-03-02", id: idOf(1) }],
    ["a UUID and more", { "masqueue-id": `${REDRIVEN}\n` }, { date: "2026-03-02", id: idOf(1) }],
    ["no time", { ...first, "masqueue-sent": "yesterday" }, { date: "2026-03-02", id: REDRIVEN }],
    ["a time before the year 1", { ...first, "masqueue-sent": "-99999999999999" }, { date: "2026-03-02", id: REDRIVEN }],
  ])("is stored without regard to an attribute that holds %s", async (_what, attributes, key) => {
    expect(await fixture.lambda.failures([record(login(), { messageId: idOf(1), sent: midnight, attributes })])).toEqual([]);
    expect(await keys()).toEqual([key]);
  });

  test("keeps the create_date of its body", async () => {
    await fixture.lambda.invoke([record(login({ create_date: "2025-12-24" }), { attributes: first })]);
    expect(await keys()).toEqual([{ date: "2025-12-24", id: REDRIVEN }]);
  });
});

test("a pipeline that does not use event-ids ignores them", async () => {
  await fixture.lambda.invoke([record(login(), { messageId: idOf(0), attributes: { "event-id": "?", "event-time": "?" } })]);
  expect(await keys()).toEqual([{ date: "2026-03-01", id: idOf(0) }]);
});
