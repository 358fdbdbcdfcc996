import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { IngestError } from "../../lambda/errors.ts";
import { ROLES } from "../../lambda/names.ts";
import { migrate } from "../../lambda/schema/runner.ts";
import { container } from "../support/container.ts";
import { logins } from "../support/fixture.ts";
import { as, connected, deploySchema, MASTER } from "../support/roles.ts";
import { ALL_FILES, useSchemaDeployment } from "../support/schema-deployment.ts";

const fixture = useSchemaDeployment();
const uncalled = () => Promise.reject(new Error("called"));

describe("the first deployment", () => {
  test("creates roles, tables and grants; the second does nothing and needs no master user", async () => {
    expect(await fixture.deploy()).toEqual(ALL_FILES);
    expect(await fixture.deploy({ admin: uncalled })).toEqual([]);
    expect(await fixture.deploy({ admin: undefined })).toEqual([]);
  });

  test("may run twice at once in one database, and in two databases of one server", async () => {
    const other = await fixture.server.database();
    const [one, elsewhere, two] = await Promise.all([fixture.deploy(), deploySchema(other), fixture.deploy()]);
    expect(elsewhere).toEqual(ALL_FILES);
    expect([...one, ...two].sort()).toEqual([...ALL_FILES].sort());
    for (const database of [fixture.database, other]) {
      const lambda = container(as(ROLES.ingest, database));
      expect(await lambda.failures(logins(3))).toEqual([]);
      await lambda.close();
    }
    await other.drop();
  });

  test("lets the roles log in by IAM if the server is RDS", async () => {
    await fixture.server.sql("CREATE ROLE rds_iam", "GRANT rds_iam TO master WITH ADMIN OPTION");
    await fixture.deploy();
    const members = await fixture.database.rows("SELECT rolname FROM pg_roles WHERE pg_has_role(oid, 'rds_iam', 'USAGE')");
    expect(members.map(({ rolname }) => rolname)).toEqual(expect.arrayContaining([ROLES.ingest, ROLES.migrate]));
    await fixture.server.sql("DROP ROLE rds_iam");
  });

  test("without a master user reports that the roles are missing, and succeeds once they were created by hand", async () => {
    expect(await fixture.failure({ admin: undefined })).toContain("run the files of lambda/schema/sql/roles/");
    await fixture.createRolesByHand();
    expect(await fixture.deploy({ admin: undefined })).toEqual(ALL_FILES.slice(1));
  });

  test("retries a login that is refused at first: a new IAM policy takes a while", async () => {
    const deployment = fixture.deploy({ admin: undefined, pauses: Array(100).fill(50) });
    await fixture.createRolesByHand();
    expect(await deployment).toEqual(ALL_FILES.slice(1));
  });

  test("with a master user that the server does not accept reports it", async () => {
    const wrong = { ...MASTER, password: "wrong" };
    expect(await fixture.failure({ admin: async () => [wrong] })).toMatch(/refused the login of master \(SQLSTATE 28P01\).*ADMIN_SECRET/);
    expect(await fixture.deploy({ admin: async () => [wrong, MASTER] })).toEqual(ALL_FILES);
  });

  test("leaves no session behind", async () => {
    await fixture.deploy();
    const open = `SELECT usename FROM pg_stat_activity WHERE usename IN ('master', '${ROLES.migrate}')`;
    while ((await fixture.database.rows(open)).length > 0) await wait(10);
  });

  test("to a server that does not answer reports its address, and needs no master user", async () => {
    const postgres = { ...as(ROLES.migrate, fixture.database), port: 1 };
    expect(await fixture.failure({ postgres, admin: uncalled })).toBe("Postgres at 127.0.0.1:1 cannot be reached (ECONNREFUSED).");
  });

  test("whose password cannot be read fails with the same error", async () => {
    const error = new IngestError("login_unavailable", "The secret that DB_SECRET names cannot be used: AccessDeniedException.");
    const postgres = { ...fixture.database.config, ...MASTER, password: () => Promise.reject(error) };
    await expect(fixture.deploy({ postgres })).rejects.toBe(error);
  });

  test("that fails with a foreign error reports only its text", async () => {
    const failure = fixture.deploy({ admin: () => Promise.reject(Object.assign(new Error("foreign"), { detail: "canary" })) });
    const error = await failure.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "MigrationError", message: "foreign" });
    expect(error).not.toHaveProperty("detail");
  });

  test("whose roles cannot be created tries no other login of the master user", async () => {
    fixture.add("schema/sql/roles/002_more.sql", "SELECT nothing");
    const other = { user: "nobody", password: "" };
    expect(await fixture.failure({ admin: async () => [MASTER, other] })).toContain("migration 002_more (SQLSTATE 42703)");
  });
});

describe("a database that others have used", () => {
  const ELDER = { user: "elder", password: "elder" };

  test.each([
    ["the master user", MASTER, MASTER],
    ["another role, by a superuser", ELDER, {}],
  ])("has tables of %s, which the statements in the error hand over", async (_what, owner, by) => {
    const { database, server } = fixture;
    await server.sql("CREATE ROLE elder LOGIN PASSWORD 'elder'");
    await database.client.query("GRANT CREATE ON SCHEMA public TO elder");
    await connected({ ...database.config, ...owner }, (client) => migrate(client));
    const message = await fixture.failure();
    expect(message).toContain(`Role ${owner.user} owns `);
    await connected({ ...database.config, ...by }, (client) => client.query(message.slice(message.indexOf("BEGIN;"))));
    expect(await fixture.deploy()).toEqual(["001_ingest", "002_unknown_fields"]);
    expect(await database.rows("SELECT pg_has_role($1, $2, 'USAGE') AS is_member", [owner.user, ROLES.migrate])).toEqual([
      { is_member: false },
    ]);
    await database.client.query("REVOKE ALL ON SCHEMA public FROM elder");
    await server.sql("DROP ROLE elder");
  });

  test("whose roles another user created fails with the grant that is needed, and succeeds with it", async () => {
    await fixture.server.sql(`CREATE ROLE ${ROLES.migrate} LOGIN`, `CREATE ROLE ${ROLES.ingest} LOGIN`);
    const message = await fixture.failure();
    expect(message).toMatch(/migration 001_roles \(SQLSTATE 42501\): .*If another user created the roles/);
    await fixture.server.sql(message.slice(message.indexOf("GRANT")).replace("this_user", MASTER.user));
    expect(await fixture.deploy()).toEqual(ALL_FILES);
  });

  test("cannot be migrated by hand once the deployed function owns its tables", async () => {
    await fixture.deploy();
    const byHand = connected({ ...fixture.database.config, ...MASTER }, (client) => migrate(client));
    await expect(byHand).rejects.toThrow(/^Role masqueue_migrate owns .*user_logins.*: only the deployed migrate function changes them/);
  });

  test("keeps what everyone may do, unless it lets the ingest role create tables", async () => {
    await fixture.database.client.query("CREATE TABLE theirs (id int); GRANT CREATE ON SCHEMA public TO PUBLIC");
    const message = await fixture.failure();
    expect(message).toContain("may create tables in schema public");
    await fixture.database.client.query(message.slice(message.indexOf("REVOKE")));
    expect(await fixture.deploy()).toEqual([]);
    const may = "SELECT has_database_privilege('pg_monitor', current_database(), 'TEMPORARY') AS may";
    expect(await fixture.database.rows(may)).toEqual([{ may: true }]);
  });
});
