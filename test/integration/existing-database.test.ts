import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { TestDatabase } from "../support/database.ts";
import { connected, deploySchema, MASTER, type RoleServer, startRoleServer } from "../support/roles.ts";
import { ALL_FILES } from "../support/schema-deployment.ts";

const ROOT = join(import.meta.dirname, "../..");
const doc = readFileSync(join(ROOT, "docs/deploy.md"), "utf8");
const [, documented = ""] = /as the master user, in this database:\s+```sql\n(.*?)```/s.exec(doc) ?? [];
const [, revoked = ""] = /`(revoke create on schema public .*?)`/.exec(doc) ?? [];
const DIRECTLY = "create role masqueue_admin login createrole password '…'; grant rds_iam to masqueue_admin with admin option;";

describe("the documented statements", () => onServer(undefined));
if (`${process.platform}-${process.arch}` === "linux-x64")
  describe("on Postgres 10, the documented statements", () => onServer(join(ROOT, "node_modules/postgres-10/native")));

function onServer(native: string | undefined): void {
  let server: RoleServer;
  let database: TestDatabase;

  beforeAll(async () => {
    server = await startRoleServer(native);
    await server.sql("CREATE ROLE rds_iam");
  });
  beforeEach(async () => {
    database = await server.database();
    // As RDS does: it asks members of rds_iam for a token. Each token is accepted here, and each password of a member refused.
    const [{ hba_file: file = "" } = {}] = await database.rows<{ hba_file: string }>("SHOW hba_file");
    const others = readFileSync(file, "utf8").replaceAll(/^host all (masqueue_admin|\+rds_iam) .*\n/gm, "");
    writeFileSync(file, `host all masqueue_admin 127.0.0.1/32 trust\n${others.replace("\n", "\nhost all +rds_iam 127.0.0.1/32 reject\n")}`);
    await server.sql("SELECT pg_reload_conf()");
  });
  afterEach(async () => {
    await database.drop();
    await server.sql("DROP ROLE IF EXISTS masqueue_migrate, masqueue_ingest, masqueue_admin");
  });
  afterAll(() => server.stop());

  const members = async () =>
    (
      await database.rows<{ name: string }>(
        "SELECT rolname AS name FROM pg_roles WHERE pg_has_role(oid, 'rds_iam', 'member') AND NOT rolsuper AND rolname <> 'rds_iam' ORDER BY 1",
      )
    ).map(({ name }) => name);

  /** Runs them as the master user. @returns the members of rds_iam after each one */
  async function run(sql: string): Promise<[statement: string, members: string[]][]> {
    const after: [string, string[]][] = [];
    const { client } = database;
    await client.query("SET SESSION AUTHORIZATION master");
    for (const statement of sql
      .split(";")
      .map((text) => text.trim().replace("database masqueue", `database ${database.config.database}`))) {
      if (statement === "") continue;
      // RDS lets its master user grant rds_iam without being a member. Postgres does not.
      const asRds = statement.includes("rds_iam")
        ? ["RESET SESSION AUTHORIZATION", statement, "SET SESSION AUTHORIZATION master"]
        : [statement];
      for (const one of asRds) await client.query(one);
      after.push([statement.replace(/ (with|on|createrole|login) .*| createrole$/, ""), await members()]);
    }
    await client.query("RESET SESSION AUTHORIZATION");
    return after;
  }
  const logIn = () => connected({ ...database.config, ...MASTER }, async (client) => (await client.query("SELECT 1")).rows.length);
  const admin = { user: "masqueue_admin", password: "" };

  test("make only masqueue_admin a member of rds_iam, one after the other", async () => {
    expect(await run(documented)).toEqual([
      ["begin", []],
      ["create role masqueue_setup", []],
      ["grant masqueue_setup to current_user", []],
      ["set role masqueue_setup", []],
      ["create role masqueue_admin", []],
      ["reset role", []],
      ["drop role masqueue_setup", []],
      ["grant rds_iam to masqueue_admin", ["masqueue_admin"]],
      ["grant connect, temporary", ["masqueue_admin"]],
      ["grant usage, create", ["masqueue_admin"]],
      ["commit", ["masqueue_admin"]],
    ]);
    expect(await logIn()).toBe(1);
  });

  test("suffice for a deployment, after which the master user still logs in with a password", async () => {
    await run(native ? documented + revoked : documented);
    expect(await deploySchema(database, { admin: async () => [admin] })).toEqual(ALL_FILES);
    expect(await members()).toEqual(["masqueue_admin", "masqueue_ingest", "masqueue_migrate"]);
    expect(await logIn()).toBe(1);
  });

  if (native) return;
  test("prevent what happens to a master user that creates masqueue_admin itself", async () => {
    expect((await run(DIRECTLY)).at(-1)).toEqual(["grant rds_iam to masqueue_admin", ["masqueue_admin", "master"]]);
    await expect(logIn()).rejects.toMatchObject({ code: "28000" });
  });
}
