import { afterEach, describe, expect, test } from "@jest/globals";
import { idsBut, logins, useFixture } from "../support/fixture.ts";
import { createRole, type TestRole } from "../support/roles.ts";

const fixture = useFixture();
const roles: TestRole[] = [];

afterEach(async () => {
  for (const { drop } of roles.splice(0)) await drop();
});

async function roleWith(privileges: string): Promise<TestRole> {
  const role = await createRole(fixture.database, privileges);
  roles.push(role);
  return role;
}

describe("a role", () => {
  test("needs no more than to select and to insert", async () => {
    const lambda = fixture.container((await roleWith("SELECT, INSERT")).config);
    const batch = logins(3);
    for (const receiveCount of [1, 1, 2]) expect(await lambda.failures(logins(3, () => ({}), { receiveCount }))).toEqual([]);
    expect(await lambda.failures([...batch, ...logins(1, () => ({ user_id: 7 }), { messageId: "bad" })])).toEqual(["bad"]);
    expect(await fixture.stored()).toEqual(idsBut(3));
    expect(lambda.reports.lost).toEqual([]);
  });

  test.each(["", "SELECT"])(
    "with only the privileges %j fails the invocation, and the container recovers when it gets the rest",
    async (privileges) => {
      const role = await roleWith(privileges);
      const lambda = fixture.container(role.config);
      await expect(lambda.invoke(logins(3))).rejects.toMatchObject({ code: "database_refused", sqlstate: "42501" });
      expect(lambda.reports.batches).toEqual([]);
      await fixture.sql(`GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO ${role.name}`);
      expect(await lambda.failures(logins(3))).toEqual([]);
      expect(await fixture.stored()).toEqual(idsBut(3));
    },
  );

  test.each([1, 2])("that loses INSERT while its container runs fails the batch as a whole (receive count %i)", async (receiveCount) => {
    const role = await roleWith("SELECT, INSERT");
    const lambda = fixture.container(role.config);
    await lambda.invoke([]);
    await fixture.sql(`REVOKE INSERT ON user_logins FROM ${role.name}`);
    const batch = logins(3, () => ({}), { receiveCount });
    await expect(lambda.invoke(batch)).rejects.toMatchObject({ code: "database_refused", sqlstate: "42501" });
    expect(await fixture.rejected()).toEqual([]);
    await fixture.sql(`GRANT INSERT ON user_logins TO ${role.name}`);
    expect(await lambda.failures(batch)).toEqual([]);
  });
});

describe("a table that is dropped while the container runs", () => {
  test.each([1, 2])("fails the batch as a whole, and the container recovers when it is back (receive count %i)", async (receiveCount) => {
    const batch = logins(3, () => ({}), { receiveCount });
    await fixture.lambda.invoke([]);
    await fixture.sql("ALTER TABLE user_logins RENAME TO elsewhere");
    await expect(fixture.lambda.invoke(batch)).rejects.toMatchObject({ code: "database_refused", sqlstate: "42P01" });
    expect(fixture.lambda.reports.batches).toEqual([]);
    await fixture.sql("ALTER TABLE elsewhere RENAME TO user_logins");
    expect(await fixture.lambda.failures(batch)).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });
});

describe("a login that the server refuses", () => {
  test("for its password fails the invocation with 28P01, after a second attempt", async () => {
    let calls = 0;
    const password = () => `wrong ${++calls}`;
    const lambda = fixture.container({ ...fixture.database.config, password });
    await expect(lambda.invoke(logins(3))).rejects.toMatchObject({ code: "database_refused", sqlstate: "28P01" });
    expect(calls).toBe(2);
    expect(await fixture.stored()).toEqual([]);
  });

  test("only at first, because a token had expired, fails nothing", async () => {
    const tokens = ["expired", fixture.database.config.password as string];
    const lambda = fixture.container({ ...fixture.database.config, password: () => tokens.shift() ?? "" });
    expect(await lambda.failures(logins(3))).toEqual([]);
    expect(tokens).toEqual([]);
  });

  test("for its database fails the invocation with 3D000", async () => {
    const lambda = fixture.container({ ...fixture.database.config, database: "no_such_database" });
    await expect(lambda.invoke(logins(3))).rejects.toMatchObject({ code: "database_refused", sqlstate: "3D000" });
  });
});
