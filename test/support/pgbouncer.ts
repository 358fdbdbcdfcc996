import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { findUnprivilegedUser } from "../../local/emulators/postgres/binaries.ts";
import { findFreePort } from "../../local/emulators/postgres/cluster.ts";

/** PATH, and the folders in which Debian installs it: not every PATH contains them. */
const FOLDERS = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/bin"];

/** The program; undefined if it is not installed. */
export const PGBOUNCER = FOLDERS.map((folder) => join(folder, "pgbouncer")).find((path) => existsSync(path));

/** A pooler in transaction mode. All its clients share one connection to each database. */
export interface PgBouncer {
  /** The server's configuration, with the pooler in front of it. */
  readonly config: pg.ClientConfig;
  /** Resolves when a client waits for the connection that another client uses. */
  untilQueued(): Promise<void>;
  /** Replaces the connection to the server by a new one. */
  reconnect(): Promise<void>;
  /** Kills the pooler as a crash would, and starts it again on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a pooler and waits until it answers. Not for TLS. */
export async function startPgBouncer(server: pg.ClientConfig): Promise<PgBouncer> {
  const folder = mkdtempSync(join(tmpdir(), "masqueue-pgbouncer-"));
  const file = join(folder, "pgbouncer.ini");
  const port = await findFreePort();
  writeFileSync(file, formatConfiguration(server, port));
  // PgBouncer refuses to run as root.
  const account = findUnprivilegedUser();
  for (const path of account ? [folder, file] : []) chownSync(path, account?.uid ?? 0, account?.gid ?? 0);
  const admin = { host: "127.0.0.1", port, user: "pgbouncer", database: "pgbouncer", ssl: false };
  const start = async () => {
    const child = spawn(PGBOUNCER ?? "pgbouncer", [file], { ...account, cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    child.stderr.on("data", (chunk) => {
      log += chunk;
    });
    while (!(await ask(admin, "SHOW VERSION").catch(() => null))) {
      if (child.exitCode !== null) throw new Error(`pgbouncer ended: ${log}`);
      await wait(10);
    }
    return child;
  };
  let child = await start();
  const kill = async () => {
    if (child.kill("SIGKILL")) await once(child, "exit");
  };
  // Versions before 1.20 refuse a client that sends `options`. The options of the tests repeat defaults, and the function sends none.
  const { options: _, ...config } = { ...server, host: "127.0.0.1", port };
  return {
    config,
    async untilQueued() {
      while (!(await ask(admin, "SHOW POOLS")).some(({ cl_waiting: waiting }) => Number(waiting) > 0)) await wait(10);
    },
    async reconnect() {
      await ask(admin, "RECONNECT");
    },
    async restart() {
      await kill();
      child = await start();
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}

/** https://www.pgbouncer.org/config.html */
function formatConfiguration({ host, port, user, password }: pg.ClientConfig, listenPort: number): string {
  return `
[databases]
* = host=${host} port=${port} user=${user} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
admin_users = pgbouncer
server_tls_sslmode = disable
pool_mode = transaction
default_pool_size = 1
`;
}

/** Sends a command to the pooler's console. @returns its rows */
async function ask(admin: pg.ClientConfig, command: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(admin);
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(command)).rows;
  } finally {
    await client.end();
  }
}
