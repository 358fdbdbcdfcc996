import { beforeEach, describe, expect, test } from "@jest/globals";
import { ROLES } from "../../lambda/names.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { deploySchema } from "../support/roles.ts";
import { useSchemaDeployment } from "../support/schema-deployment.ts";

const fixture = useSchemaDeployment();
beforeEach(() => fixture.deploy());

const sql = (statement: string) => fixture.database.client.query(statement);

/** The deployment must fail with these statements, and succeed once they have run. */
async function expectRefusal(statements: string | RegExp): Promise<void> {
  const message = await fixture.failure();
  const reported = message.slice(message.indexOf("REVOKE"));
  expect(reported).toEqual(typeof statements === "string" ? statements : expect.stringMatching(statements));
  await sql(reported);
  expect(await fixture.deploy()).toEqual([]);
}

const TOO_MUCH = ["UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];
const CASES = [
  ...["user_logins", "rejections", "unknown_fields", "mask_keys"].flatMap((table) =>
    TOO_MUCH.map((privilege) => [privilege, privilege, table] as const),
  ),
  ["SELECT", "SELECT", "rejections"],
  ["SELECT (code)", "SELECT", "rejections"],
  ["UPDATE (message_id)", "UPDATE", "user_logins"],
  ["REFERENCES (message_id)", "REFERENCES", "user_logins"],
  ["MAINTAIN", "MAINTAIN", "user_logins"],
] as const;

describe("a deployment refuses an ingest role", () => {
  test.each(CASES)("that has %s, and reports how to revoke %s on %s", async (given, privilege, table) => {
    await sql(`GRANT ${given} ON ${table} TO ${ROLES.ingest}`);
    await expectRefusal(`REVOKE ${privilege} ON "${table}" FROM ${ROLES.ingest};`);
  });

  test.each(["SELECT", "SELECT (locale)"])("that has %s on a pipeline's table, and leaves it the key", async (privilege) => {
    await sql(`GRANT ${privilege} ON user_logins TO ${ROLES.ingest}`);
    await expectRefusal(
      `REVOKE SELECT ON "user_logins" FROM ${ROLES.ingest}; GRANT SELECT ("create_date", "message_id") ON "user_logins" TO ${ROLES.ingest};`,
    );
  });

  test("that has too much through PUBLIC", async () => {
    await sql("GRANT SELECT, DELETE ON user_logins TO PUBLIC; GRANT SELECT ON mask_keys TO PUBLIC");
    await expectRefusal('REVOKE DELETE, SELECT ON "user_logins" FROM PUBLIC;');
  });

  test.each(["INHERIT", "NOINHERIT"])("that is a member of a role that may, with %s", async (inherits) => {
    await sql(
      `CREATE ROLE elder; GRANT UPDATE ON user_logins TO elder; ALTER ROLE ${ROLES.ingest} ${inherits}; GRANT elder TO ${ROLES.ingest}`,
    );
    await expectRefusal(/REVOKE "elder" FROM masqueue_ingest;/);
    await sql("DROP OWNED BY elder; DROP ROLE elder");
  });

  test("that is a member of the owner", async () => {
    await sql(`GRANT ${ROLES.migrate} TO ${ROLES.ingest}`);
    await expectRefusal(/REVOKE "masqueue_migrate" FROM masqueue_ingest;/);
  });

  test("that may read everything through a predefined role", async () => {
    await sql(`GRANT pg_read_all_data TO ${ROLES.ingest}`);
    await expectRefusal(/REVOKE "pg_read_all_data" FROM masqueue_ingest;/);
  });
});

test("two pipelines of one table may each read their own date", async () => {
  await sql(`ALTER TABLE user_logins ADD COLUMN seen_on date; GRANT SELECT (seen_on) ON user_logins TO ${ROLES.ingest}`);
  const twin = { ...userLogins, name: "twin", dateColumn: "seen_on" };
  expect(await fixture.deploy({ pipelines: [userLogins, twin] })).toEqual([]);
  expect(await fixture.failure()).toContain("REVOKE SELECT");
});

test("default privileges of the owner are caught at the first deployment already", async () => {
  const fresh = await fixture.server.database();
  await fresh.client.query(`ALTER DEFAULT PRIVILEGES FOR ROLE ${ROLES.migrate} GRANT DELETE ON TABLES TO ${ROLES.ingest}`);
  await expect(deploySchema(fresh)).rejects.toThrow(
    /REVOKE DELETE ON "user_logins".*REVOKE DELETE ON "rejections".*REVOKE DELETE ON "unknown_fields".*REVOKE DELETE ON "mask_keys"/,
  );
  await fresh.drop();
});
