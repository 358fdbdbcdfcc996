import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import * as errors from "../../errors.ts";
import { createOnce } from "../../files.ts";
import { type Binaries, findBinaries, findUnprivilegedUser, runAs, spawnAs } from "./binaries.ts";

const USER = "postgres";
export const DATABASE = "masqueue";

/** The server's log quotes no row and no parameter. */
const QUIET_LOG = ["log_error_verbosity=terse", "log_min_error_statement=panic"];
const QUIET_LOG_SINCE_13 = "log_parameter_max_length_on_error=0";

/** The files of a cluster. */
export interface Files {
  data: string;
  password: string;
}

/** A Postgres cluster on disk, with the programs that run it. */
export interface Cluster extends Binaries, Files {
  log: string;
}

/** Opens the cluster of a folder; creates what is missing. @throws UserError if the folder cannot be used */
export async function openCluster(folder: string, binaries?: Binaries): Promise<Cluster> {
  try {
    const created = mkdirSync(folder, { recursive: true }) ?? folder;
    const programs = binaries ?? (await findBinaries(folder));
    const [password, log] = [join(folder, "postgres.password"), join(folder, "postgres.log")];
    createOnce(password, () => randomBytes(24).toString("hex"));
    const owner = findUnprivilegedUser();
    if (owner) {
      chownSync(password, owner.uid, owner.gid);
      // Whatever root's umask is, that account must be able to enter.
      for (let path = folder; path.length >= created.length; path = dirname(path)) chmodSync(path, 0o755);
    }
    const cluster = { ...programs, data: join(folder, `postgres-${programs.major}`), password, log };
    await initialise(cluster);
    return cluster;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    throw code && syscall ? errors.unusableFolder(folder, code) : error;
  }
}

/** Creates the data folder under another name and renames it: of two runs at once one wins, and neither sees an incomplete folder. */
async function initialise(cluster: Cluster): Promise<void> {
  const isInitialised = () => existsSync(join(cluster.data, "PG_VERSION"));
  if (isInitialised()) return;
  const draft = mkdtempSync(join(dirname(cluster.data), "initdb-"));
  const owner = findUnprivilegedUser();
  if (owner) chownSync(draft, owner.uid, owner.gid);
  const args = ["-D", draft, "-U", USER, `--pwfile=${cluster.password}`, "--auth=md5", "--encoding=UTF8", "--no-locale", "--no-sync"];
  try {
    await runAs(cluster.initdb, args);
    renameSync(draft, cluster.data);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!isInitialised()) throw error;
  }
}

/** The port of the server that runs on this folder: line 4 of its pid file, whose line 1 is the process number. */
export function readRunningPort({ data }: Files): number | null {
  let port: string | undefined;
  try {
    const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
    port = lines[3];
    process.kill(Number(lines[0]), 0);
  } catch (error) {
    // EPERM: it runs as another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return null;
  }
  return Number(port) || null;
}

/** Starts a server on a free port. If another run is faster, the server ends by itself. */
export async function launch(cluster: Cluster, settings: string[]): Promise<ChildProcess> {
  const quiet = cluster.major >= 13 ? [...QUIET_LOG, QUIET_LOG_SINCE_13] : QUIET_LOG;
  const all = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "logging_collector=off", ...quiet, ...settings];
  const flags = all.flatMap((setting) => ["-c", setting]);
  return spawnAs(cluster.postgres, ["-D", cluster.data, "-p", String(await findFreePort()), ...flags], cluster.log);
}

/** Ends the server as its own tools do, and waits until it has gone. */
export async function stopServer(cluster: Files): Promise<void> {
  const pidFile = join(cluster.data, "postmaster.pid");
  const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  process.kill(pid, "SIGINT"); // "fast": sessions are ended, a checkpoint is written
  for (let i = 0; i < 300 && existsSync(pidFile); i++) await wait(20);
}

/** How to reach the cluster's server; complete, so that pg takes nothing from the environment. */
export function buildConfig({ password }: Files, port: number): pg.ClientConfig {
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

/** A port of this machine that is free at the moment. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
