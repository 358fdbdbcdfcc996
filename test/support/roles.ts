import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { ROLES } from "../../lambda/names.ts";
import { type SchemaDeps, updateSchema } from "../../lambda/schema/update.ts";
import { binariesIn, resolveReachable } from "../../local/emulators/postgres/binaries.ts";
import { startPostgres } from "../../local/emulators/postgres/server.ts";
import { createDatabase, type TestDatabase, testPostgres } from "./database.ts";

export interface TestRole {
  readonly name: string;
  /** The database as this role. */
  readonly config: pg.ClientConfig;
  drop(): Promise<void>;
}

/** Creates a role that owns nothing. @param privileges on every table of the database, as in GRANT; "" for none */
export async function createRole(database: TestDatabase, privileges: string): Promise<TestRole> {
  const name = `role_${randomBytes(8).toString("hex")}`;
  const password = randomBytes(8).toString("hex");
  await database.client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
  if (privileges !== "") await database.client.query(`GRANT ${privileges} ON ALL TABLES IN SCHEMA public TO ${name}`);
  return {
    name,
    config: { ...database.config, user: name, password },
    async drop() {
      // A role belongs to the server; its database may be gone by now, and its privileges with it.
      const client = new pg.Client({ ...testPostgres().config, database: "postgres" });
      await client.connect();
      await client.query(`DROP ROLE ${name}`);
      await client.end();
    },
  };
}

/** A user that may create roles and is not a superuser, as on RDS. */
export const MASTER = { user: "master", password: "master's password" };

/** A server for one test file: the roles of Masqueue belong to a server and have fixed names. */
export interface RoleServer {
  /** As the superuser. */
  sql(...statements: string[]): Promise<void>;
  /** Creates a database without tables for the master user; the test reads it as the superuser. */
  database(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

/**
 * Starts a server on which Masqueue's two roles log in without a password, as IAM lets them.
 * @param native the folder of another version's programs
 */
export async function startRoleServer(native?: string): Promise<RoleServer> {
  const home = mkdtempSync(join(tmpdir(), "masqueue-roles-"));
  const { config, stop } = await startPostgres(home, ["fsync=off"], native ? binariesIn(resolveReachable(native, home)) : undefined);
  const sql = (...statements: string[]) =>
    connected(config, async (client) => {
      for (const statement of statements) await client.query(statement);
    });
  const { hba_file: file } = await connected(config, async (client) => (await client.query("SHOW hba_file")).rows[0]);
  writeFileSync(file, `host all ${ROLES.migrate},${ROLES.ingest} 127.0.0.1/32 trust\n${readFileSync(file, "utf8")}`);
  await sql("SELECT pg_reload_conf()", `CREATE ROLE master LOGIN CREATEDB CREATEROLE PASSWORD '${MASTER.password.replace("'", "''")}'`);
  return {
    sql,
    async database() {
      const database = await createDatabase({ server: config, migrated: false });
      await database.client.query(`ALTER DATABASE ${database.config.database} OWNER TO master; ALTER SCHEMA public OWNER TO master`);
      return database;
    },
    async stop() {
      await stop();
      rmSync(home, { recursive: true });
    },
  };
}

/** The database as one of Masqueue's roles, which has no password. */
export function as(role: string, { config }: TestDatabase): pg.ClientConfig {
  return { ...config, user: role, password: "" };
}

/** Does all that a deployment does in the database. */
export function deploySchema(database: TestDatabase, deps: Partial<SchemaDeps> = {}): Promise<string[]> {
  return updateSchema({ postgres: as(ROLES.migrate, database), admin: async () => [MASTER], pauses: [], ...deps });
}

/** Opens a connection for as long as `work` takes. */
export async function connected<T>(config: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
