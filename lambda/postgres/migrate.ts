import { runner } from "node-pg-migrate";
import type { Client } from "pg";
import pg from "pg";
import { assertMayCreate, assertOwned } from "./check-rights.ts";
import { type Folder, MIGRATIONS, pathOf } from "./folders.ts";
import { explained } from "./migration-error.ts";

export { MigrationError } from "./migration-error.ts";

const LOCK_TIMEOUT = 5_000;
/** The advisory lock that makes migrations take turns; any number will do. */
const TURN = 7_241_865;

export interface MigrateOptions {
  /** Changes nothing; the statements go to `print`. */
  dryRun?: boolean;
  print?: (text: string) => void;
  /**
   * How long a migration waits for a table that others use, in milliseconds, so that it never queues up everybody behind it.
   * @default 5000
   */
  lockTimeout?: number;
  /** @default Masqueue's migrations and the user's own */
  folders?: readonly Folder[];
  /** From where the folders are named. @default the page that names them */
  base?: URL | undefined;
}

/**
 * Brings a database up to date. Two at once take turns; a database that is up to date, or ahead of these files, is left as it is.
 * @param client a connection of its own: it holds an advisory lock and a session's `lock_timeout` meanwhile
 * @returns the names of the migrations that were (or, in a dry run, would be) applied
 * @throws MigrationError
 */
export async function migrate(client: Client, options: MigrateOptions = {}): Promise<string[]> {
  const { dryRun = false, print = () => {}, lockTimeout = LOCK_TIMEOUT, folders = MIGRATIONS, base } = options;
  const silent = () => {};
  const names: string[] = [];
  const statements: string[] = [];
  try {
    // One lock around all that follows; the runner's own, one for each folder, would let two runs wait for each other.
    await client.query("SELECT pg_advisory_lock($1)", [TURN]);
    await client.query(`SET lock_timeout = ${lockTimeout}`);
    await assertOwned(client, folders);
    // The runner makes its history tables in a dry run too.
    if (dryRun) await client.query("BEGIN");
    for (const folder of folders) {
      const dir = pathOf(folder, base);
      if (!dir) continue;
      const applied = await runner({
        dbClient: client,
        dir,
        ignorePattern: "(\\..*|.*\\.md)",
        migrationsTable: folder.history,
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
