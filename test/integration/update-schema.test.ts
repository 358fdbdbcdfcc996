import { describe, expect, test } from "@jest/globals";
import { ROLES } from "../../lambda/env.ts";
import { migrate } from "../../lambda/postgres/migrate.ts";
import { container } from "../support/container.ts";
import { as, connected, deploySchema, MASTER } from "../support/roles.ts";
import { logins } from "../support/scene.ts";
import { ALL_FILES, useSchemaDeployment } from "../support/schema-deployment.ts";

const scene = useSchemaDeployment();

describe("the first deployment", () => {
  test("makes roles, tables and grants; the second does nothing and asks for no master user", async () => {
    expect(await scene.deploy()).toEqual(ALL_FILES);
    expect(await scene.deploy({ admin: () => Promise.reject(new Error("asked")) })).toEqual([]);
    expect(await scene.deploy({ admin: undefined })).toEqual([]);
  });

  test("may be two at once in one database, and two in databases of one server", async () => {
    const other = await scene.server.database();
    const [one, elsewhere, two] = await Promise.all([scene.deploy(), deploySchema(other), scene.deploy()]);
    expect(elsewhere).toEqual(ALL_FILES);
    expect([...one, ...two].sort()).toEqual([...ALL_FILES].sort());
    for (const database of [scene.database, other]) {
      const lambda = container(as(ROLES.ingest, database));
      expect(await lambda.failures(logins(3))).toEqual([]);
      await lambda.close();
    }
    await other.drop();
  });

  test("lets the roles log in by IAM where the server is RDS", async () => {
    await scene.server.sql("CREATE ROLE rds_iam", "GRANT rds_iam TO master WITH ADMIN OPTION");
    await scene.deploy();
    const members = await scene.database.rows("SELECT rolname FROM pg_roles WHERE pg_has_role(oid, 'rds_iam', 'USAGE')");
    expect(members.map(({ rolname }) => rolname)).toEqual(expect.arrayContaining([ROLES.ingest, ROLES.migrate]));
    await scene.server.sql("DROP ROLE rds_iam");
  });

  test("without a master user says that the roles are missing, and goes on once they were made by hand", async () => {
    expect(await scene.failure({ admin: undefined })).toContain("run the files of lambda/postgres/roles/");
    await scene.makeRolesByHand();
    expect(await scene.deploy({ admin: undefined })).toEqual(ALL_FILES.slice(1));
  });

  test("tries a login again that is refused at first: a new IAM policy takes a while", async () => {
    const deployment = scene.deploy({ admin: undefined, pauses: Array(100).fill(50) });
    await scene.makeRolesByHand();
    expect(await deployment).toEqual(ALL_FILES.slice(1));
  });

  test("with a master user whom the server does not know says so", async () => {
    const wrong = { ...MASTER, password: "wrong" };
    expect(await scene.failure({ admin: async () => [wrong] })).toMatch(/let master in \(SQLSTATE 28P01\).*ADMIN_SECRET/);
    expect(await scene.deploy({ admin: async () => [wrong, MASTER] })).toEqual(ALL_FILES);
  });

  test("to a server that does not answer says where it looked", async () => {
    const postgres = { ...as(ROLES.migrate, scene.database), port: 1 };
    expect(await scene.failure({ postgres })).toBe("Postgres at 127.0.0.1:1 cannot be reached (ECONNREFUSED).");
  });
});

describe("a database that others have used before", () => {
  const ELDER = { user: "elder", password: "elder" };

  test.each([
    ["the master user, who hands them over", MASTER, MASTER],
    ["another role, for which a superuser does", ELDER, {}],
  ])("has tables of %s, by the statements that the error tells", async (_what, owner, by) => {
    const { database, server } = scene;
    await server.sql("CREATE ROLE elder LOGIN PASSWORD 'elder'");
    await database.client.query("GRANT CREATE ON SCHEMA public TO elder");
    await connected({ ...database.config, ...owner }, (client) => migrate(client));
    const message = await scene.failure();
    expect(message).toContain(`role ${owner.user}`);
    await connected({ ...database.config, ...by }, (client) => client.query(message.slice(message.indexOf("BEGIN;"))));
    expect(await scene.deploy()).toEqual(["001_ingest"]);
    expect(await database.rows("SELECT pg_has_role($1, $2, 'USAGE') AS is_member", [owner.user, ROLES.migrate])).toEqual([
      { is_member: false },
    ]);
    await database.client.query("REVOKE ALL ON SCHEMA public FROM elder");
    await server.sql("DROP ROLE elder");
  });

  test("and is migrated by the deployed function says so to whom migrates it by hand", async () => {
    await scene.deploy();
    const byHand = connected({ ...scene.database.config, ...MASTER }, (client) => migrate(client));
    await expect(byHand).rejects.toThrow(/user_logins.*role masqueue_migrate, so its deployed function migrates them/);
  });

  test("keeps what everyone may do, unless the ingest role could make tables by it", async () => {
    await scene.database.client.query("CREATE TABLE theirs (id int); GRANT CREATE ON SCHEMA public TO PUBLIC");
    const message = await scene.failure();
    expect(message).toContain("may create tables in schema public");
    await scene.database.client.query(message.slice(message.indexOf("REVOKE")));
    expect(await scene.deploy()).toEqual([]);
    const may = "SELECT has_database_privilege('pg_monitor', current_database(), 'TEMPORARY') AS may";
    expect(await scene.database.rows(may)).toEqual([{ may: true }]);
  });
});
