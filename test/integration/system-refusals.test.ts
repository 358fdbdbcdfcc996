import { afterEach, describe, expect, test } from "@jest/globals";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";
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

describe("a missing partition fails the batch as a whole, by COPY and by INSERT", () => {
  test.each([1, 2])("at receive count %i", async (receiveCount) => {
    await fixture.sql(PARTITIONED);
    const batch = logins(100, (i) => (i === 40 ? { create_date: "2026-05-01" } : {}), { receiveCount });
    await expect(fixture.lambda.invoke(batch)).rejects.toMatchObject({ code: "database_refused", sqlstate: "23514" });
    expect(await fixture.stored()).toEqual([]);
    expect(fixture.lambda.reports.batches).toEqual([]);
    await fixture.sql("CREATE TABLE may PARTITION OF user_logins FOR VALUES FROM ('2026-05-01') TO ('2026-06-01')");
    expect(await fixture.lambda.failures(batch)).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(100));
  });

  test("but a constraint of a partition refuses only the row", async () => {
    await fixture.sql(`${PARTITIONED}; ALTER TABLE march ADD CHECK (locale <> 'bad')`);
    expect(await fixture.lambda.failures(logins(100, (i) => (i === 40 ? { locale: "bad" } : {})))).toEqual([idOf(40)]);
    expect(await fixture.stored()).toEqual(idsBut(100, 40));
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
