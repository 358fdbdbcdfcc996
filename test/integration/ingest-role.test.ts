import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type pg from "pg";
import { ROLES } from "../../lambda/names.ts";
import { type Container, container } from "../support/container.ts";
import type { TestDatabase } from "../support/database.ts";
import { expectFirstBatches } from "../support/first-batches.ts";
import { idOf, logins } from "../support/fixture.ts";
import { as, connected, deploySchema, type RoleServer, startRoleServer } from "../support/roles.ts";

const POSTGRES_10 = join(import.meta.dirname, "../../node_modules/postgres-10/native");

describe("the ingest role", () => onServer(undefined, 18));
// The package of the oldest server exists for one platform.
if (`${process.platform}-${process.arch}` === "linux-x64") describe("on Postgres 10, the ingest role", () => onServer(POSTGRES_10, 10));

function onServer(native: string | undefined, major: number): void {
  let server: RoleServer;
  let database: TestDatabase;
  let lambda: Container;
  let role: pg.ClientConfig;

  beforeAll(async () => {
    server = await startRoleServer(native);
    database = await server.database();
    await deploySchema(database);
    role = as(ROLES.ingest, database);
    lambda = container(role);
  });
  afterAll(async () => {
    await lambda?.close();
    await database?.drop();
    await server.stop();
  });

  test("suffices for the function: keys are registered, rows copied, repeats found, bad rows isolated and their reasons stored", async () => {
    await expectFirstBatches(lambda, database);
    expect(lambda.reports.lost).toEqual([]);
    expect(await database.rows("SELECT count(*)::int FROM mask_keys")).toEqual([{ count: 4 }]);
  });

  test("suffices for a later container, whose key is known", async () => {
    const late = container(role);
    expect(await late.failures(logins(1))).toEqual([]);
    await late.close();
  });

  test("distinguishes a row that a trigger leaves out from a duplicate", async () => {
    await database.client.query(
      `CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN CASE WHEN NEW.locale = ''out'' THEN NULL ELSE NEW END; END';
       CREATE TRIGGER leave_out BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE PROCEDURE leave_out()`,
    );
    const batch = logins(3, (i) => ({ create_date: "2026-04-01", locale: i === 1 ? "out" : "RU" }));
    expect(await lambda.failures(batch)).toEqual([idOf(1)]);
    await database.client.query("DROP TRIGGER leave_out ON user_logins; DROP FUNCTION leave_out()");
  });

  test.each([
    "SELECT masked_ip FROM user_logins",
    "SELECT * FROM user_logins",
    "SELECT count(user_id) FROM user_logins",
    "INSERT INTO user_logins (create_date, message_id) VALUES ('2026-01-01', 'x') RETURNING masked_ip",
    "COPY user_logins TO STDOUT",
    "UPDATE user_logins SET masked_ip = 'x'",
    "UPDATE user_logins SET message_id = message_id",
    "INSERT INTO user_logins (create_date, message_id) VALUES ('2026-01-01', 'x') ON CONFLICT (create_date, message_id) DO UPDATE SET locale = 'x'",
    "DELETE FROM user_logins",
    "TRUNCATE user_logins",
    "DROP TABLE user_logins",
    "ALTER TABLE user_logins ADD COLUMN more text",
    "BEGIN; LOCK TABLE user_logins IN ACCESS EXCLUSIVE MODE",
    "SELECT * FROM rejections",
    "SELECT * FROM rejected_messages",
    "DELETE FROM rejections",
    "UPDATE mask_keys SET check_value = 'x'",
    "DELETE FROM mask_keys",
    "SELECT * FROM masqueue_migrations",
    "CREATE TABLE more (id int)",
    "CREATE TEMP TABLE more (id int)",
    "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA more",
    "CREATE ROLE more",
    `SET ROLE ${ROLES.migrate}`,
    "SELECT pg_read_file('/etc/hostname')",
  ])("may not: %s", async (statement) => {
    await connected(role, async (client) => {
      await expect(client.query(statement)).rejects.toMatchObject({ code: "42501" });
    });
  });

  test("has time-outs in each of its sessions, as has the owner", async () => {
    const settings = `SELECT rolname AS role, array_agg(setting ORDER BY setting) AS settings
                      FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole, unnest(setconfig) AS setting GROUP BY 1 ORDER BY 1`;
    const keepalives = ["tcp_keepalives_count=3", "tcp_keepalives_idle=30", "tcp_keepalives_interval=10"];
    const patience = major >= 12 ? ["tcp_user_timeout=60s"] : [];
    const idle = major >= 14 ? ["idle_session_timeout=5min"] : [];
    expect(await database.rows(settings)).toEqual([
      {
        role: ROLES.ingest,
        settings: ["idle_in_transaction_session_timeout=10s", ...idle, "lock_timeout=5s", ...keepalives, ...patience],
      },
      { role: ROLES.migrate, settings: ["idle_in_transaction_session_timeout=60s", ...keepalives, ...patience] },
    ]);
    await connected(role, async (client) => {
      expect((await client.query("SHOW lock_timeout")).rows).toEqual([{ lock_timeout: "5s" }]);
    });
  });

  test("may connect, as may the owner, if PUBLIC may not", async () => {
    await database.client.query(`REVOKE CONNECT ON DATABASE ${database.config.database} FROM PUBLIC`);
    for (const name of [ROLES.ingest, ROLES.migrate]) await connected(as(name, database), (client) => client.query("SELECT 1"));
  });

  test("leaves the tables' owner the privileges to migrate", async () => {
    await connected(as(ROLES.migrate, database), async (client) => {
      await client.query("ALTER TABLE user_logins ADD COLUMN more text; ALTER TABLE user_logins DROP COLUMN more");
      await client.query("CREATE TEMP TABLE scratch (id int)");
    });
  });
}
