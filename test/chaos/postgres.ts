import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import { ROLES } from "../../lambda/names.ts";
import { findUnprivilegedUser, runAs } from "../../local/emulators/postgres/binaries.ts";
import { buildConfig, type Cluster, findFreePort, launch, openCluster } from "../../local/emulators/postgres/cluster.ts";
import { connected } from "../support/roles.ts";

/** Roles log in without a password, as IAM lets them. */
const HBA = `host all,replication postgres,${ROLES.migrate},${ROLES.ingest} 127.0.0.1/32 trust\n`;
const SETTINGS = [
  // Only processes are killed, never the machine.
  "fsync=off",
  "shared_buffers=32MB",
  "max_connections=16",
  "max_locks_per_transaction=10",
  "wal_keep_size=256MB",
  "wal_retrieve_retry_interval=200ms",
  // An outage of the standby must not look like one of the primary for long.
  "wal_sender_timeout=2s",
  "wal_receiver_timeout=2s",
  // Each line of the log begins with its SQLSTATE.
  "log_line_prefix=%e ",
];

interface Server {
  readonly cluster: Cluster;
  readonly port: number;
  readonly settings: readonly string[];
  process: ChildProcess;
}

/** A primary and its synchronous standby. */
export class Postgres {
  readonly #folder: string;
  readonly #logs: string[] = [];
  #primary: Server;
  #standby: Server | undefined;

  static async start(): Promise<Postgres> {
    const folder = mkdtempSync(join(tmpdir(), "masqueue-chaos-"));
    const cluster = await openCluster(folder);
    writeFileSync(join(cluster.data, "pg_hba.conf"), HBA);
    const postgres = new Postgres(folder, await launchServer(cluster));
    try {
      await postgres.sql("CREATE DATABASE masqueue", "postgres");
      await postgres.#addStandby();
      return postgres;
    } catch (error) {
      await postgres.close();
      throw error;
    }
  }

  private constructor(folder: string, primary: Server) {
    this.#folder = folder;
    this.#primary = primary;
    this.#logs.push(primary.cluster.log);
  }

  /** The primary's port at the moment. */
  get port(): number {
    return this.#primary.port;
  }

  /** The primary as the superuser, who can always connect. */
  get config(): pg.ClientConfig {
    return { ...buildConfig(this.#primary.cluster, this.port), connectionTimeoutMillis: 5_000 };
  }

  async sql<T extends pg.QueryResultRow>(statements: string, database = "masqueue"): Promise<T[]> {
    return connected({ ...this.config, database }, async (client) => (await client.query<T>(statements)).rows);
  }

  /** Sets a parameter of the server; null resets it. */
  async set(parameter: string, value: string | null): Promise<void> {
    const change = value === null ? `RESET ${parameter}` : `SET ${parameter} = '${value}'`;
    await connected(this.config, async (client) => {
      await client.query(`ALTER SYSTEM ${change}`);
      await client.query("SELECT pg_reload_conf()");
    });
  }

  /** Ends the primary at once, or as an administrator does. */
  async stop(signal: "SIGKILL" | "SIGINT"): Promise<void> {
    await end(this.#primary, signal);
  }

  async restart(): Promise<void> {
    this.#primary = await launchServer(this.#primary.cluster, this.#primary);
    await this.#untilSynchronous();
  }

  /** Kills the primary and promotes the standby, which then gets one itself. */
  async failOver(): Promise<void> {
    const [old, next] = [this.#primary, this.#standby];
    if (!next) throw new Error("there is no standby");
    await this.#untilSynchronous();
    await end(old, "SIGKILL");
    this.#primary = next;
    await this.set("synchronous_standby_names", null);
    await this.sql("SELECT pg_promote()");
    rmSync(old.cluster.data, { recursive: true, maxRetries: 5 });
    await this.#addStandby();
  }

  /** What the servers logged. */
  log(): string {
    return this.#logs.map((file) => readFileSync(file, "utf8")).join("");
  }

  async close(): Promise<void> {
    for (const server of [this.#primary, this.#standby]) if (server) await end(server, "SIGQUIT");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Copies the running primary as the manual says: https://www.postgresql.org/docs/current/continuous-archiving.html */
  async #addStandby(): Promise<void> {
    const primary = this.#primary;
    const name = join(this.#folder, `standby-${this.#logs.length}`);
    const cluster = { ...primary.cluster, data: name, log: `${name}.log` };
    mkdirSync(cluster.data, { mode: 0o700 });
    giveAway(cluster.data);
    await connected(this.config, async (client) => {
      await client.query("SELECT pg_backup_start('standby', true)");
      // It may miss files that vanish meanwhile.
      await runAs("cp", ["-a", `${primary.cluster.data}/.`, cluster.data]).catch(() => {});
      const { rows } = await client.query("SELECT labelfile FROM pg_backup_stop(false)");
      for (const [file, text] of Object.entries({ backup_label: rows[0].labelfile, "standby.signal": "" })) {
        writeFileSync(join(cluster.data, file), text);
        giveAway(join(cluster.data, file));
      }
    });
    rmSync(join(cluster.data, "postmaster.pid"));
    this.#logs.push(cluster.log);
    const settings = [`primary_conninfo=host=127.0.0.1 port=${primary.port} user=postgres`];
    this.#standby = await launchServer(cluster, { port: await findFreePort(), settings });
    await this.set("synchronous_standby_names", "*");
    await this.#untilSynchronous();
  }

  async #untilSynchronous(): Promise<void> {
    for (let i = 0; i < 300; i++) {
      if ((await this.sql("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")).length > 0) return;
      await wait(50);
    }
    throw new Error("the standby does not follow");
  }
}

/** Lets the account that Postgres runs under own a file of ours. */
function giveAway(path: string): void {
  const owner = findUnprivilegedUser();
  if (owner) chownSync(path, owner.uid, owner.gid);
}

/** Starts a server and waits until it answers. While processes of a killed one linger, it ends and is started again. */
async function launchServer(cluster: Cluster, at: { port?: number; settings?: readonly string[] } = {}): Promise<Server> {
  const { port = await findFreePort(), settings = [] } = at;
  const start = () => launch(cluster, [`port=${port}`, ...SETTINGS, ...settings]);
  const server = { cluster, port, settings, process: await start() };
  for (let i = 0; i < 600; i++) {
    const isUp = await connected({ ...buildConfig(cluster, port), database: "postgres" }, async () => true).catch(() => false);
    if (isUp) return server;
    if (hasEnded(server)) server.process = await start();
    await wait(50);
  }
  throw new Error("a server does not start");
}

async function end(server: Server, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(server)) return;
  server.process.ref();
  const exited = once(server.process, "exit");
  server.process.kill(signal);
  await exited;
}

function hasEnded({ process }: Server): boolean {
  return process.exitCode !== null || process.signalCode !== null;
}
