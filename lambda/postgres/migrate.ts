import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import type { Client } from "pg";
import pg from "pg";

/** A migration that did not go through; the message says what stands in the way and what to do. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

const LOCK_TIMEOUT = 5_000;
/** The advisory lock that makes migrations take turns; any number will do. */
const TURN = 7_241_865;

/** Masqueue's migrations, then the user's own, each with a history of its own, so that both can grow. */
const FOLDERS = [
  { dir: "./migrations", history: "masqueue_migrations" },
  { dir: "../own/migrations", history: "masqueue_own_migrations" },
];

export interface MigrateOptions {
  /** Changes nothing; the statements go to `print`. */
  dryRun?: boolean;
  print?: (text: string) => void;
  /**
   * How long a migration waits for a table that others use, in milliseconds, so that it never queues up everybody behind it.
   * @default 5000
   */
  lockTimeout?: number;
}

/**
 * Brings a database up to date. Two at once take turns; a database that is up to date is left as it is.
 * @param client a connection of its own: it holds an advisory lock and a session's `lock_timeout` meanwhile
 * @returns the names of the migrations that were (or, in a dry run, would be) applied
 * @throws MigrationError
 */
export async function migrate(client: Client, options: MigrateOptions = {}): Promise<string[]> {
  const { dryRun = false, print = () => {}, lockTimeout = LOCK_TIMEOUT } = options;
  const silent = () => {};
  const names: string[] = [];
  const statements: string[] = [];
  try {
    // One lock around all that follows; the runner's own, one for each folder, would let two runs wait for each other.
    await client.query("SELECT pg_advisory_lock($1)", [TURN]);
    await client.query(`SET lock_timeout = ${lockTimeout}`);
    // The runner makes its history tables in a dry run too.
    if (dryRun) await client.query("BEGIN");
    for (const { dir, history } of FOLDERS) {
      const applied = await runner({
        dbClient: client,
        dir: fileURLToPath(new URL(dir, import.meta.url)),
        ignorePattern: "(\\..*|.*\\.md)",
        migrationsTable: history,
        direction: "up",
        noLock: true,
        dryRun,
        singleTransaction: !dryRun,
        verbose: true,
        logger: { debug: (statement) => statements.push(statement), info: silent, warn: silent, error: silent },
      });
      names.push(...applied.map(({ name }) => name));
    }
  } catch (error) {
    await endTransaction(client);
    if (!(error instanceof pg.DatabaseError)) await assertMayCreate(client);
    throw explained(error, lockTimeout);
  }
  await endTransaction(client);
  if (names.length > 0) for (const statement of [`SET lock_timeout = ${lockTimeout};`, ...statements]) print(statement);
  return names;
}

/** Takes back what a dry run or a failure left open, and lets the next migration have its turn. */
async function endTransaction(client: Client): Promise<void> {
  await client.query("ROLLBACK").catch(() => {});
  await client.query("SELECT pg_advisory_unlock($1)", [TURN]).catch(() => {});
}

/** The runner says in other words that a role may make no tables. */
async function assertMayCreate(client: Client): Promise<void> {
  const { rows } = await client.query<{ role: string; schema: string | null; may: boolean | null }>(
    "SELECT current_user AS role, current_schema() AS schema, has_schema_privilege(current_schema(), 'CREATE') AS may",
  );
  const { role, schema, may } = rows[0] as { role: string; schema: string | null; may: boolean | null };
  if (!schema) throw new MigrationError(`No schema of the search_path of role ${role} exists: create one, or set the search_path.`);
  if (!may)
    throw new MigrationError(`Role ${role} may not create tables in schema ${schema}: migrate as the schema's owner, or grant CREATE.`);
}

function explained(error: unknown, lockTimeout: number): Error {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error ? error : new Error(String(error));
  if (error.code === "55P03")
    return new MigrationError(
      `A table was in use for longer than ${lockTimeout} ms: another session holds a lock on it. End it or try again later.`,
    );
  const hint = error.hint ? ` ${error.hint}` : "";
  return new MigrationError(`Postgres refused a migration (SQLSTATE ${error.code}): ${error.message}.${hint}`);
}
