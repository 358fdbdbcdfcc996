import { describe, expect, test } from "@jest/globals";
import { login, record } from "../support/records.ts";
import { idOf, idsBut, logins, useScene } from "../support/scene.ts";

const scene = useScene();

const REDRIVEN = "0f8fad5b-d9cb-469f-a165-70867728950e";
const keys = () => scene.database.rows("SELECT create_date::text AS date, message_id AS id FROM user_logins ORDER BY 1, 2");
const outcomes = () => scene.lambda.reports.last.outcomes.map(({ outcome }) => outcome);

describe("the same message id", () => {
  test.each([1, 2])("twice in a batch is one row, and both are done (receive count %i)", async (receiveCount) => {
    const options = { messageId: idOf(0), receiveCount };
    expect(await scene.lambda.failures([record(login(), options), record(login(), options)])).toEqual([]);
    expect(outcomes()).toEqual(["stored", "duplicate"]);
    expect(await scene.stored()).toEqual([idOf(0)]);
  });

  test.each([1, 2])("in two batches is one row, and both are done (receive count %i)", async (receiveCount) => {
    await scene.lambda.invoke(logins(2));
    expect(await scene.lambda.failures(logins(3, () => ({}), { receiveCount }))).toEqual([]);
    expect(outcomes()).toEqual(["duplicate", "duplicate", "stored"]);
    expect(await scene.stored()).toEqual(idsBut(3));
  });

  test.each([1, 2])("in several containers at once is one row, and all are done (receive count %i)", async (receiveCount) => {
    const containers = [scene.lambda, scene.container(), scene.container()];
    await Promise.all(containers.map(({ invoke }) => invoke([])));
    const batch = logins(500, () => ({}), { receiveCount });
    expect(await Promise.all(containers.map(({ failures }) => failures(batch)))).toEqual([[], [], []]);
    expect(await scene.stored()).toEqual(idsBut(500));
    const stored = containers.flatMap(({ reports }) => reports.last.outcomes).filter(({ outcome }) => outcome === "stored");
    expect(stored.map(({ messageId }) => messageId).sort()).toEqual(idsBut(500));
  });

  test("is refused with all its records when Postgres refuses its row", async () => {
    await scene.lambda.invoke([]);
    await scene.sql("ALTER TABLE user_logins ADD CHECK (locale <> 'bad')");
    const bad = record(login({ locale: "bad" }), { messageId: idOf(7) });
    expect(await scene.lambda.failures([bad, ...logins(3), bad])).toEqual([idOf(7)]);
    expect(outcomes()).toEqual(["rejected", "stored", "stored", "stored", "rejected"]);
    expect(await scene.stored()).toEqual(idsBut(3));
  });

  test("keeps the row that came first when a later one differs", async () => {
    await scene.lambda.invoke(logins(1, () => ({ locale: "first" })));
    await scene.lambda.invoke(logins(1, () => ({ locale: "second" })));
    expect(await scene.database.rows("SELECT locale FROM user_logins")).toEqual([{ locale: "first" }]);
  });

  test("costs two statements where it was delivered before, and three where only its row tells", async () => {
    await scene.lambda.invoke(logins(100));
    scene.proxy.takeStatements();
    await scene.lambda.invoke(logins(100, () => ({}), { receiveCount: 2 }));
    expect(scene.proxy.takeStatements()).toEqual(["INSERT", "SELECT"]);
    await scene.lambda.invoke(logins(100));
    expect(scene.proxy.takeStatements()).toEqual(["COPY", "INSERT", "SELECT"]);
  });
});

describe("a message that our own redrive has sent again", () => {
  const midnight = Date.UTC(2026, 2, 2);
  const first = { "masqueue-id": REDRIVEN, "masqueue-sent": String(midnight - 1) };

  test("is the row it was at first, after midnight too", async () => {
    await scene.lambda.invoke([record(login(), { messageId: REDRIVEN, sent: midnight - 1 })]);
    const redriven = record(login(), { messageId: idOf(1), sent: midnight + 60_000, attributes: first });
    expect(await scene.lambda.failures([redriven])).toEqual([]);
    expect(outcomes()).toEqual(["duplicate"]);
    expect(await keys()).toEqual([{ date: "2026-03-01", id: REDRIVEN }]);
  });

  test("is reported under the id of its delivery when it fails again", async () => {
    const redriven = record("not a login", { messageId: idOf(1), attributes: first });
    expect(await scene.lambda.failures([redriven])).toEqual([idOf(1)]);
  });

  test.each([
    ["no UUID", { "masqueue-id": "424cdd21" }, { date: "2026-03-02", id: idOf(1) }],
    ["a UUID and more", { "masqueue-id": `${REDRIVEN}\n` }, { date: "2026-03-02", id: idOf(1) }],
    ["no time", { ...first, "masqueue-sent": "yesterday" }, { date: "2026-03-02", id: REDRIVEN }],
    ["a time before the year 1", { ...first, "masqueue-sent": "-99999999999999" }, { date: "2026-03-02", id: REDRIVEN }],
  ])("but holds %s in an attribute has that one ignored", async (_what, attributes, key) => {
    expect(await scene.lambda.failures([record(login(), { messageId: idOf(1), sent: midnight, attributes })])).toEqual([]);
    expect(await keys()).toEqual([key]);
  });

  test("keeps a create_date of its own", async () => {
    await scene.lambda.invoke([record(login({ create_date: "2025-12-24" }), { attributes: first })]);
    expect(await keys()).toEqual([{ date: "2025-12-24", id: REDRIVEN }]);
  });
});

test("an event-id is nothing to a pipeline that does not ask for it", async () => {
  await scene.lambda.invoke([record(login(), { messageId: idOf(0), attributes: { "event-id": "?", "event-time": "?" } })]);
  expect(await keys()).toEqual([{ date: "2026-03-01", id: idOf(0) }]);
});
