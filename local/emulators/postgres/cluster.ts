import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import { createOnce } from "../../targets/create-once.ts";
import { type Binaries, runAs, spawnAs, unprivileged } from "./binaries.ts";

const USER = "postgres";
export const DATABASE = "masqueue";
export const START_SECONDS = 30;

/** Rule 7 of the design: Postgres's own log quotes no row and no parameter. */
const QUIET_LOG = ["log_error_verbosity=terse", "log_min_error_statement=panic"];
const QUIET_LOG_SINCE_13 = "log_parameter_max_length_on_error=0";

/** Where a cluster keeps its data and its password. */
export interface Files {
  data: string;
  password: string;
}

/** A Postgres cluster on disk, with the programs that run it. */
export interface Cluster extends Binaries, Files {
  log: string;
}

/** The cluster of a folder, which is made ready for the account that the server runs under. */
export function clusterIn(home: string, binaries: Binaries): Cluster {
  const data = join(home, `postgres-${binaries.major}`);
  const cluster = { ...binaries, data, password: join(home, "postgres.password"), log: join(home, "postgres.log") };
  const made = mkdirSync(home, { recursive: true });
  createOnce(cluster.password, () => randomBytes(24).toString("hex"));
  createOnce(cluster.log, () => "");
  const owner = unprivileged();
  if (owner) {
    for (const path of [cluster.password, cluster.log]) chownSync(path, owner.uid, owner.gid);
    // Whatever root's umask is, that account must get to its data.
    for (let folder = home; folder.length >= (made ?? home).length; folder = dirname(folder)) chmodSync(folder, 0o755);
  }
  return cluster;
}

/** Makes the data folder aside and moves it into place, so that of two runs at once one wins and none sees half a folder. */
export async function initialise(cluster: Cluster): Promise<void> {
  if (existsSync(join(cluster.data, "PG_VERSION"))) return;
  const draft = mkdtempSync(join(dirname(cluster.data), "initdb-"));
  const owner = unprivileged();
  if (owner) chownSync(draft, owner.uid, owner.gid);
  const args = ["-D", draft, "-U", USER, `--pwfile=${cluster.password}`, "--auth=md5", "--encoding=UTF8", "--no-locale", "--no-sync"];
  try {
    await runAs(cluster.initdb, args);
    renameSync(draft, cluster.data);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(join(cluster.data, "PG_VERSION"))) throw error;
  }
}

/** The port of the server that runs on this folder: line 4 of its pid file, with the process number in line 1. */
export function runningPort({ data }: Files): number | null {
  try {
    const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
    process.kill(Number(lines[0]), 0);
    return Number(lines[3]) || null;
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === "EPERM"
      ? Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[3]) || null
      : null;
  }
}

/** Starts a server on a port that was free a moment ago. Should another run be faster, this one ends by itself and the caller joins that. */
export async function launch(cluster: Cluster, settings: string[]): Promise<number | null> {
  const port = await freePort();
  const quiet = cluster.major >= 13 ? [...QUIET_LOG, QUIET_LOG_SINCE_13] : QUIET_LOG;
  const flags = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "logging_collector=off", ...quiet, ...settings].flatMap(
    (setting) => ["-c", setting],
  );
  const server = spawnAs(cluster.postgres, ["-D", cluster.data, "-p", String(port), ...flags], cluster.log);
  let ended = false;
  server.on("exit", () => {
    ended = true;
  });
  for (let i = 0; i < START_SECONDS * 20 && !ended; i++) {
    if (await answers(port)) return port;
    await wait(50);
  }
  return null;
}

/** Ends the server as its own tools do, and waits until it has gone. */
export async function stopServer(cluster: Files): Promise<void> {
  const pidFile = join(cluster.data, "postmaster.pid");
  const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  process.kill(pid, "SIGINT"); // "fast": sessions are ended, a checkpoint is written
  for (let i = 0; i < 300 && existsSync(pidFile); i++) await wait(20);
}

/** How to reach the cluster's server; complete, so that nothing is left for pg to take from the environment. */
export function configFor({ password }: Files, port: number): pg.ClientConfig {
  return {
    host: "127.0.0.1",
    port,
    user: USER,
    password: readFileSync(password, "utf8"),
    database: DATABASE,
    ssl: false,
    options: "-c client_encoding=UTF8",
    application_name: "masqueue",
    statement_timeout: 0,
  };
}

/** A port of this machine at which nothing listens just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => socket.end(() => resolve(true))).on("error", () => resolve(false));
  });
}
