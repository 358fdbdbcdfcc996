import { runner } from "node-pg-migrate";
import type { Client } from "pg";
import pg from "pg";
import { migrationRunning } from "../errors.ts";
import { type Folder, findFolder, MIGRATIONS } from "./folders.ts";
import { checkMayCreate, checkOwnership } from "./ownership.ts";
import { type Circumstances, describeRefusal } from "./refusal.ts";

const LOCK_TIMEOUT = 5_000;
/** The advisory lock that one migration holds at a time; any number below 2^32 will do. */
const ADVISORY_LOCK = 7_241_865;
/** Leaves the migrate function, which has 10 minutes, time for its own migration. */
const ADVISORY_LOCK_TIMEOUT = 180_000;

export interface MigrateOptions {
  /** Changes nothing; the statements go to `print`. */
  dryRun?: boolean;
  print?: (text: string) => void;
  /**
   * Milliseconds that a migration waits for a table in use. Meanwhile, later statements on the table queue up behind it.
   * @default 5000
   */
  lockTimeout?: number;
  /**
   * Milliseconds that it waits for another migration to end.
   * @default 180000
   */
  advisoryLockTimeout?: number;
  /** @default Masqueue's migrations and the custom ones */
  folders?: readonly Folder[];
  /** The place that the folders' paths are relative to. @default folders.ts */
  base?: URL | undefined;
}

/**
 * Brings a database up to date. If two run at once, one waits for the other. A database that is up to date, or ahead of these files, is left
 * as it is. The new files of a folder run in one transaction: if one fails, none of that folder has run, and the folders before it have.
 * @param client a connection that nothing else uses: it holds an advisory lock and a `lock_timeout`
 * @returns the names of the migrations that were (or, in a dry run, would be) applied
 * @throws MigrationError
 */
export async function migrate(client: Client, options: MigrateOptions = {}): Promise<string[]> {
  const { dryRun = false, print = () => {}, folders = MIGRATIONS, base } = options;
  const { lockTimeout = LOCK_TIMEOUT, advisoryLockTimeout = ADVISORY_LOCK_TIMEOUT } = options;
  const silent = () => {};
  const names: string[] = [];
  const statements: string[] = [];
  let running: Circumstances = {};
  try {
    await acquireLock(client, advisoryLockTimeout);
    await client.query(`SET lock_timeout = ${lockTimeout}`);
    await checkOwnership(client, folders);
    // node-pg-migrate creates its history tables in a dry run, too.
    if (dryRun) await client.query("BEGIN");
    for (const folder of folders) {
      const dir = findFolder(folder, base);
      if (!dir) continue;
      running = { denied: folder.denied };
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
        logger: {
          debug: (statement) => statements.push(statement),
          info: (text) => {
            const file = /^### MIGRATION (.+) \(UP\) ###$/.exec(text)?.[1];
            if (file) running = { ...running, file };
          },
          warn: silent,
          error: silent,
        },
      });
      names.push(...applied.map(({ name }) => name));
    }
  } catch (error) {
    await endTransaction(client);
    if (!(error instanceof pg.DatabaseError)) await checkMayCreate(client);
    throw describeRefusal(error, { lockTimeout, ...running });
  }
  await endTransaction(client);
  if (names.length > 0) for (const statement of [`SET lock_timeout = ${lockTimeout};`, ...statements]) print(statement);
  return names;
}

/** Takes one lock around all folders: with node-pg-migrate's locks, one for each, two runs could wait for each other. */
async function acquireLock(client: Client, timeout: number): Promise<void> {
  await client.query(`SET lock_timeout = ${timeout}`);
  try {
    await client.query("SELECT pg_advisory_lock($1)", [ADVISORY_LOCK]);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === "55P03")) throw error;
    const { pid, role } = await findLockHolder(client);
    throw migrationRunning(timeout / 1000, pid, role);
  }
}

async function findLockHolder(client: Client): Promise<{ pid: number | string; role: string }> {
  const { rows } = await client.query<{ pid: number; role: string }>(
    `SELECT pid, coalesce(usename, 'unknown') AS role
     FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND classid = 0 AND objid = $1 AND objsubid = 1 AND granted`,
    [ADVISORY_LOCK],
  );
  return rows[0] ?? { pid: "(just ended)", role: "unknown" };
}

/** Rolls back what a dry run or a failure left open, and releases the lock. */
async function endTransaction(client: Client): Promise<void> {
  await client.query("ROLLBACK").catch(() => {});
  await client.query("SELECT pg_advisory_unlock($1)", [ADVISORY_LOCK]).catch(() => {});
}
