import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type pg from "pg";
import { ROLES } from "../../lambda/env.ts";
import { type Container, container } from "../support/container.ts";
import type { TestDatabase } from "../support/database.ts";
import { as, connected, deploySchema, type RoleServer, startRoleServer } from "../support/roles.ts";
import { idOf, idsBut, logins } from "../support/scene.ts";

const POSTGRES_10 = join(import.meta.dirname, "../../node_modules/postgres-10/native");

describe("the ingest role", () => onServer(undefined, 18));
// The oldest server's package is for one platform.
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

  const outcomes = () => lambda.reports.last.outcomes.map(({ outcome }) => outcome);
  const stored = async () => (await database.rows("SELECT message_id AS id FROM user_logins ORDER BY 1")).map(({ id }) => id);

  test("is all that the function needs: keys are registered, rows copied, repeats found, bad rows isolated and their reasons kept", async () => {
    const batch = logins(100, (i) => (i === 7 ? { user_id: null } : {}));
    expect(await lambda.failures(batch)).toEqual([idOf(7)]);
    expect(await stored()).toEqual(idsBut(100, 7));
    expect(await lambda.failures(batch)).toEqual([idOf(7)]);
    expect(await lambda.failures(logins(2, () => ({}), { receiveCount: 2 }))).toEqual([]);
    expect(outcomes()).toEqual(["duplicate", "duplicate"]);
    expect(lambda.reports.lost).toEqual([]);
    expect(await database.rows("SELECT code, deliveries::int FROM rejected_messages")).toEqual([{ code: "missing_field", deliveries: 2 }]);
    expect(await database.rows("SELECT count(*)::int FROM mask_keys")).toEqual([{ count: 4 }]);
  });

  test("is let into a later container, whose key is known", async () => {
    const late = container(role);
    expect(await late.failures(logins(1))).toEqual([]);
    await late.close();
  });

  test("tells a row that a trigger leaves out from a duplicate", async () => {
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

  test("has time-outs in each of its sessions", async () => {
    const show = (name: string) => connected(role, async (client) => Object.values((await client.query(`SHOW ${name}`)).rows[0])[0]);
    expect(await show("lock_timeout")).toBe("5s");
    expect(await show("idle_in_transaction_session_timeout")).toBe("10s");
    expect(await show("tcp_keepalives_idle")).toBe("30");
    if (major >= 14) expect(await show("idle_session_timeout")).toBe("5min");
  });

  test("changes no privilege of the tables' owner, who goes on migrating", async () => {
    await connected(as(ROLES.migrate, database), async (client) => {
      await client.query("ALTER TABLE user_logins ADD COLUMN more text; ALTER TABLE user_logins DROP COLUMN more");
      await client.query("CREATE TEMP TABLE scratch (id int)");
    });
  });
}
