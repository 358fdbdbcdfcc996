import type { Client } from "pg";

declare module "pg" {
  /** What pg has and its types leave out. */
  interface Client {
    /** The process that was announced at login. */
    readonly processID: number | null;
  }
}

/** Whether a pooler stands between: it announces process ids of its own, and another process answers. */
export async function isPooled(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid !== client.processID;
}
