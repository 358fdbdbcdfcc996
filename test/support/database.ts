import { randomBytes } from "node:crypto";
import pg from "pg";
import { migrate } from "../../lambda/schema/runner.ts";

interface TestPostgres {
  config: pg.ClientConfig;
  logFile: string;
}

/** Returns the server that the global set-up started. */
export function testPostgres(): TestPostgres {
  return JSON.parse(process.env.TEST_POSTGRES ?? "{}") as TestPostgres;
}

export interface TestDatabase {
  readonly config: pg.ClientConfig;
  /** A connection for arranging and looking. */
  readonly client: pg.Client;
  rows<T extends pg.QueryResultRow = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<T[]>;
  drop(): Promise<void>;
}

/** Creates a database for one test, empty or migrated, on the common server or on another one. */
export async function createDatabase(options: { migrated?: boolean; server?: pg.ClientConfig } = {}): Promise<TestDatabase> {
  const { migrated = true, server = testPostgres().config } = options;
  const name = `test_${randomBytes(8).toString("hex")}`;
  await onServer(server, `CREATE DATABASE ${name}`);
  const config = { ...server, database: name };
  const client = new pg.Client(config);
  client.on("error", () => {});
  await client.connect();
  if (migrated) await migrate(client);
  return {
    config,
    client,
    rows: async (sql, values) => (await client.query(sql, values)).rows,
    async drop() {
      await client.end();
      await onServer(server, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`, `DROP DATABASE ${name}`);
    },
  };
}

async function onServer(server: pg.ClientConfig, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ ...server, database: "postgres" });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}
