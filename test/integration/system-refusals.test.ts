import { afterEach, describe, expect, test } from "@jest/globals";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";
import { createRole, type TestRole } from "../support/roles.ts";

const fixture = useFixture();
let role: TestRole | undefined;

afterEach(async () => {
  await role?.drop();
  role = undefined;
});

const PARTITIONED = `
  CREATE TABLE parts (LIKE user_logins INCLUDING ALL) PARTITION BY RANGE (create_date);
  CREATE TABLE march PARTITION OF parts FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
  DROP TABLE user_logins;
  ALTER TABLE parts RENAME TO user_logins`;

describe("a row whose date has no partition", () => {
  const FAR = { create_date: "2999-01-01" };
  const none = (i: number, sqlstate = "23514") => ({ message_id: idOf(i), code: "no_partition", field: "create_date", sqlstate });

  test.each([
    [1, [0]],
    [1, [500]],
    [1, [999]],
    [2, [500]],
    [1, [3, 500, 501, 999]],
    [2, [3, 500, 501, 999]],
  ])("is rejected, and the others of its batch are stored (receive count %i, rows %j of 1,000)", async (receiveCount, far) => {
    await fixture.sql(PARTITIONED);
    const date = (i: number) => ({ create_date: `${2999 + i}-01-01` });
    const batch = logins(1_000, (i) => (far.includes(i) ? date(i) : {}), { receiveCount });
    expect(await fixture.lambda.failures(batch)).toEqual(far.map(idOf));
    expect(await fixture.stored()).toEqual(idsBut(1_000, ...far));
    expect(await fixture.rejected()).toEqual(far.map((i) => none(i)));
  });

  test.each([1, 2])("fails a batch of which no row can be stored, with few statements (receive count %i)", async (receiveCount) => {
    await fixture.sql(`${PARTITIONED}; ALTER TABLE march ADD CHECK (locale <> 'bad')`);
    await fixture.lambda.invoke([]);
    fixture.proxy.takeStatements();
    const batch = logins(100, (i) => (i === 7 ? { locale: "bad" } : { create_date: i % 2 ? "2026-05-01" : "2026-05-02" }), {
      receiveCount,
    });
    await expect(fixture.lambda.invoke(batch)).rejects.toMatchObject({ code: "database_refused", sqlstate: "23514" });
    expect(fixture.proxy.takeStatements().length).toBeLessThanOrEqual(8);
    expect(await fixture.stored()).toEqual([]);
    expect(await fixture.rejected()).toEqual([]);
    expect(fixture.lambda.reports.batches).toEqual([]);
    await fixture.sql("CREATE TABLE may PARTITION OF user_logins FOR VALUES FROM ('2026-05-01') TO ('2026-06-01')");
    expect(await fixture.lambda.failures(batch)).toEqual([idOf(7)]);
    expect(await fixture.stored()).toEqual(idsBut(100, 7));
  });

  test.each([
    ["the first delivery of another row is stored", 2, 1],
    ["a redelivered row is stored", 1, 2],
  ])("is rejected if only %s", async (_what, farCount, otherCount) => {
    await fixture.sql(PARTITIONED);
    const far = record(login(FAR), { messageId: idOf(0), receiveCount: farCount });
    expect(await fixture.lambda.failures([far, record(login(), { messageId: idOf(1), receiveCount: otherCount })])).toEqual([idOf(0)]);
    expect(await fixture.stored()).toEqual([idOf(1)]);
    expect(await fixture.rejected()).toEqual([none(0)]);
  });

  test("is rejected if the other rows are there already", async () => {
    await fixture.sql(PARTITIONED);
    await fixture.lambda.invoke(logins(3));
    expect(await fixture.lambda.failures(logins(4, (i) => (i === 3 ? FAR : {})))).toEqual([idOf(3)]);
    expect(fixture.lambda.reports.last.outcomes.map(({ outcome }) => outcome)).toEqual(["duplicate", "duplicate", "duplicate", "rejected"]);
  });

  test("is not confused with a row that a constraint of a partition refuses", async () => {
    await fixture.sql(`${PARTITIONED}; ALTER TABLE march ADD CHECK (locale <> 'bad')`);
    const bad = [40, 41];
    expect(await fixture.lambda.failures(logins(100, (i) => (bad.includes(i) ? { locale: "bad" } : {})))).toEqual(bad.map(idOf));
    expect(await fixture.stored()).toEqual(idsBut(100, ...bad));
    expect((await fixture.rejected()).map(({ code }) => code)).toEqual(["refused_by_database", "refused_by_database"]);
  });
});

describe("row security that is enabled after the container has started", () => {
  test.each([
    [1, "0A000"],
    [2, "42501"],
  ])("fails the batch as a whole at receive count %i, with %s", async (receiveCount, sqlstate) => {
    role = await createRole(fixture.database, "SELECT, INSERT");
    const lambda = fixture.container(role.config);
    await lambda.invoke(logins(1));
    await fixture.sql("ALTER TABLE user_logins ENABLE ROW LEVEL SECURITY; CREATE POLICY most ON user_logins USING (locale <> 'bad')");
    const batch = logins(100, (i) => (i === 40 ? { locale: "bad" } : {}), { receiveCount });
    await expect(lambda.invoke(batch)).rejects.toMatchObject({ code: "database_refused", sqlstate });
    expect(await fixture.stored()).toEqual([idOf(0)]);
    expect(await fixture.rejected()).toEqual([]);
    expect(lambda.reports.batches).toHaveLength(1);
  });
});
