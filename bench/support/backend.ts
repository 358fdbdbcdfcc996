import { existsSync, readFileSync } from "node:fs";
import type pg from "pg";

/**
 * Looks at the server's process behind a connection from outside.
 * @param name the connection's `application_name`
 * @returns tells how many milliseconds it has been on a processor; NaN where the system does not say
 */
export async function backendOf(client: pg.Client, name: string): Promise<() => number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE application_name = $1", [name]);
  const [found] = rows;
  if (!found || rows.length > 1) throw new Error(`${rows.length} connections are called ${name}.`);
  // Nanoseconds on a processor, those waiting for one, and turns: https://docs.kernel.org/scheduler/sched-stats.html
  const file = `/proc/${found.pid}/schedstat`;
  return () => (existsSync(file) ? Number(readFileSync(file, "utf8").split(" ")[0]) / 1e6 : Number.NaN);
}
