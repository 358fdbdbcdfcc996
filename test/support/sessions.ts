import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import type { TestDatabase } from "./database.ts";

/** Locks the table in another session. @returns a function that releases it */
export async function holdTable(database: TestDatabase, table = "user_logins"): Promise<() => Promise<void>> {
  const holder = new pg.Client(database.config);
  await holder.connect();
  await holder.query(`BEGIN; LOCK TABLE ${table}`);
  return () => holder.end();
}

/** Resolves when a container's session waits for a lock. */
export async function untilWaiting(database: TestDatabase): Promise<void> {
  while ((await database.rows(`SELECT ${CONTAINERS} AND wait_event_type = 'Lock'`)).length === 0) await wait(10);
}

/** Ends the sessions of all containers. @returns their number */
export async function killSessions(database: TestDatabase): Promise<number> {
  return (await database.rows(`SELECT pg_terminate_backend(pid) ${CONTAINERS}`)).length;
}

const CONTAINERS = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lambda'";
