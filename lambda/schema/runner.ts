import { runner } from "node-pg-migrate";
import type { Client } from "pg";
import pg from "pg";
import { explained, MigrationError } from "./error.ts";
import { type Folder, MIGRATIONS, pathOf } from "./folders.ts";
import { assertMayCreate, assertOwned } from "./ownership.ts";

export { MigrationError } from "./error.ts";

const LOCK_TIMEOUT = 5_000;
/** The advisory lock that makes migrations take turns; any number below 2^32 will do. */
const TURN = 7_241_865;
/** Leaves the migrate function, which has 10 minutes, time for its own. */
const TURN_TIMEOUT = 180_000;

export interface MigrateOptions {
  /** Changes nothing; the statements go to `print`. */
  dryRun?: boolean;
  print?: (text: string) => void;
  /**
   * How long a migration waits for a table that others use, in milliseconds, so that it never queues up everybody behind it.
   * @default 5000
   */
  lockTimeout?: number;
  /**
   * How long it waits for another migration to end, in milliseconds.
   * @default 180000
   */
  turnTimeout?: number;
  /** @default Masqueue's migrations and the user's own */
  folders?: readonly Folder[];
  /** From where the folders are named. @default the page that names them */
  base?: URL | undefined;
}

/**
 * Brings a database up to date. Two at once take turns; a database that is up to date, or ahead of these files, is left as it is.
 * What is new in a folder runs in one transaction: where a file fails, none of that folder has run, and the folders before it have.
 * @param client a connection of its own: it holds an advisory lock and a session's `lock_timeout` meanwhile
 * @returns the names of the migrations that were (or, in a dry run, would be) applied
 * @throws MigrationError
 */
export async function migrate(client: Client, options: MigrateOptions = {}): Promise<string[]> {
  const { dryRun = false, print = () => {}, folders = MIGRATIONS, base } = options;
  const { lockTimeout = LOCK_TIMEOUT, turnTimeout = TURN_TIMEOUT } = options;
  const silent = () => {};
  const names: string[] = [];
  const statements: string[] = [];
  let running: { file?: string | undefined; denied?: string | undefined } = {};
  try {
    await takeTurn(client, turnTimeout);
    await client.query(`SET lock_timeout = ${lockTimeout}`);
    await assertOwned(client, folders);
    // The runner makes its history tables in a dry run too.
    if (dryRun) await client.query("BEGIN");
    for (const folder of folders) {
      const dir = pathOf(folder, base);
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
            running.file = /^### MIGRATION (.+) \(UP\) ###$/.exec(text)?.[1] ?? running.file;
          },
          warn: silent,
          error: silent,
        },
      });
      names.push(...applied.map(({ name }) => name));
    }
  } catch (error) {
    await endTransaction(client);
    if (!(error instanceof pg.DatabaseError)) await assertMayCreate(client);
    throw explained(error, { lockTimeout, ...running });
  }
  await endTransaction(client);
  if (names.length > 0) for (const statement of [`SET lock_timeout = ${lockTimeout};`, ...statements]) print(statement);
  return names;
}

/** One lock around all folders; the runner's own, one for each, would let two runs wait for each other. */
async function takeTurn(client: Client, timeout: number): Promise<void> {
  await client.query(`SET lock_timeout = ${timeout}`);
  try {
    await client.query("SELECT pg_advisory_lock($1)", [TURN]);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === "55P03")) throw error;
    const { pid, role } = await holderOfTurn(client);
    throw new MigrationError(
      `Another migration has not ended for ${timeout / 1000} s: session ${pid} of role ${role}. Wait for it or, where it hangs, end it as that role: SELECT pg_terminate_backend(${pid}); then migrate again.`,
    );
  }
}

async function holderOfTurn(client: Client): Promise<{ pid: number | string; role: string }> {
  const { rows } = await client.query<{ pid: number; role: string }>(
    `SELECT pid, coalesce(usename, 'unknown') AS role
     FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND classid = 0 AND objid = $1 AND objsubid = 1 AND granted`,
    [TURN],
  );
  return rows[0] ?? { pid: "(just ended)", role: "unknown" };
}

/** Takes back what a dry run or a failure left open, and lets the next migration have its turn. */
async function endTransaction(client: Client): Promise<void> {
  await client.query("ROLLBACK").catch(() => {});
  await client.query("SELECT pg_advisory_unlock($1)", [TURN]).catch(() => {});
}
