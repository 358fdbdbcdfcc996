import type { Client } from "pg";

declare module "pg" {
  /** A member of pg that its types omit. */
  interface Client {
    /** The server process that was announced at login. */
    readonly processID: number | null;
  }
}

/** Whether there is a pooler: the process that answers is not the one that was announced at login. */
export async function isPooled(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid !== client.processID;
}
