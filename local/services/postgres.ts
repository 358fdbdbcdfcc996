import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { UserError } from "../user-error.ts";
import { type Binaries, findBinaries, runAs, spawnAs, unprivileged } from "./postgres-binaries.ts";

const USER = "postgres";
const DATABASE = "masqueue";
/** Any number will do; each run holds it shared, and who gets it alone is the last and stops the server. */
const IN_USE_LOCK = 6_277_801;
const START_SECONDS = 30;

/** Rule 7 of the design: Postgres's own log quotes no row and no parameter. */
const QUIET_LOG = ["log_error_verbosity=terse", "log_min_error_statement=panic"];
const QUIET_LOG_SINCE_13 = "log_parameter_max_length_on_error=0";

export interface EmbeddedPostgres {
  /** Complete: nothing is left for pg to take from the environment. */
  readonly config: pg.ClientConfig;
  readonly logFile: string;
  /** Ends this run's use; the last one to leave stops the server. */
  stop(): Promise<void>;
}

/**
 * Starts the Postgres that ships as an npm package, or joins the one that another run has started on the same folder. The server
 * itself counts its users (a shared advisory lock that a killed run loses with its connection), so there is no lock file to go stale.
 * @param home folder that keeps data, password and log between runs
 * @param settings further `name=value` server settings
 * @param binaries another server's binaries, for tests
 */
export async function startPostgres(home: string, settings: string[] = [], binaries?: Binaries): Promise<EmbeddedPostgres> {
  const found = binaries ?? (await findBinaries(home));
  const cluster: Cluster = {
    ...found,
    data: join(home, `postgres-${found.major}`),
    password: join(home, "postgres.password"),
    log: join(home, "postgres.log"),
  };
  prepareHome(home, cluster);
  await initialise(cluster);
  const giveUp = Date.now() + START_SECONDS * 1000;
  for (;;) {
    const port = runningPort(cluster) ?? (await launch(cluster, settings));
    const keeper = port ? await joinServer(cluster, port) : null;
    if (keeper && port) return { config: configFor(cluster, port), logFile: cluster.log, stop: () => leave(cluster, keeper) };
    if (Date.now() > giveUp) {
      throw new UserError(
        `The embedded Postgres did not start within ${START_SECONDS} s. Its log is ${cluster.log}; if no postgres process is running, remove ${join(cluster.data, "postmaster.pid")}.`,
      );
    }
    await wait(100);
  }
}

interface Files {
  data: string;
  password: string;
}

interface Cluster extends Binaries, Files {
  log: string;
}

function prepareHome(home: string, { password, log }: Cluster): void {
  const made = mkdirSync(home, { recursive: true });
  const owner = unprivileged();
  if (!existsSync(password)) {
    const draft = `${password}.${process.pid}`;
    writeFileSync(draft, randomBytes(24).toString("hex"), { mode: 0o600 });
    renameSync(draft, password);
  }
  if (!existsSync(log)) writeFileSync(log, "", { mode: 0o600, flag: "a" });
  if (owner) {
    for (const path of [password, log]) chownSync(path, owner.uid, owner.gid);
    // Whatever root's umask is, the server's account must get to its data.
    for (let folder = home; folder.length >= (made ?? home).length; folder = dirname(folder)) chmodSync(folder, 0o755);
  }
}

/** Makes the data folder aside and moves it into place, so that of two runs at once one wins and none sees half a folder. */
async function initialise(cluster: Cluster): Promise<void> {
  if (existsSync(join(cluster.data, "PG_VERSION"))) return;
  const draft = mkdtempSync(join(dirname(cluster.data), "initdb-"));
  const owner = unprivileged();
  if (owner) chownSync(draft, owner.uid, owner.gid);
  await runAs(cluster.initdb, [
    "-D",
    draft,
    "-U",
    USER,
    `--pwfile=${cluster.password}`,
    "--auth=md5",
    "--encoding=UTF8",
    "--no-locale",
    "--no-sync",
  ]);
  try {
    renameSync(draft, cluster.data);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(join(cluster.data, "PG_VERSION"))) throw error;
  }
}

/** The port of the server that runs on this folder: line 4 of its pid file, with the process number in line 1. */
function runningPort({ data }: Files): number | null {
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
async function launch(cluster: Cluster, settings: string[]): Promise<number | null> {
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

/** A connection that holds the server in use; null where it is just stopping or not yet up. */
async function joinServer(cluster: Files, port: number): Promise<pg.Client | null> {
  const keeper = new pg.Client({ ...configFor(cluster, port), database: "postgres" });
  keeper.on("error", () => {});
  try {
    await keeper.connect();
    await keeper.query("SELECT pg_advisory_lock_shared($1)", [IN_USE_LOCK]);
    const { rows } = await keeper.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
    // 42P04 and 23505: another run made it meanwhile.
    if (rows.length === 0) {
      await keeper.query(`CREATE DATABASE ${DATABASE}`).catch((error) => {
        if (!["42P04", "23505"].includes(error.code)) throw error;
      });
    }
    return keeper;
  } catch (error) {
    await keeper.end().catch(() => {});
    if (error instanceof pg.DatabaseError && error.code === "28P01") {
      throw new UserError(`The embedded Postgres does not take the password in ${cluster.password}. Run \`masqueue reset\` to start anew.`);
    }
    return null;
  }
}

async function leave(cluster: Files, keeper: pg.Client): Promise<void> {
  try {
    await keeper.query("SELECT pg_advisory_unlock_shared($1)", [IN_USE_LOCK]);
    const { rows } = await keeper.query("SELECT pg_try_advisory_lock($1) AS last", [IN_USE_LOCK]);
    // Held until the server has gone: who comes meanwhile waits for this lock, loses its connection and starts anew.
    if (rows[0]?.last) await stopServer(cluster);
  } finally {
    await keeper.end().catch(() => {});
  }
}

/**
 * Stops a server that a killed run has left behind.
 * @returns false where another run uses it
 */
export async function stopLeftover(home: string): Promise<boolean> {
  const folders = existsSync(home) ? readdirSync(home).filter((name) => /^postgres-\d+$/.test(name)) : [];
  for (const folder of folders) {
    const cluster = { data: join(home, folder), password: join(home, "postgres.password") };
    const port = runningPort(cluster);
    if (!port) continue;
    const keeper = await joinServer(cluster, port).catch(() => null);
    if (keeper) await leave(cluster, keeper);
    if (keeper && runningPort(cluster)) return false;
    // One that lets nobody in, its password file being gone, is nobody's.
    if (!keeper) await stopServer(cluster);
  }
  return true;
}

async function stopServer(cluster: Files): Promise<void> {
  const pidFile = join(cluster.data, "postmaster.pid");
  const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  process.kill(pid, "SIGINT"); // "fast": sessions are ended, a checkpoint is written
  for (let i = 0; i < 300 && existsSync(pidFile); i++) await wait(20);
}

function configFor({ password }: Files, port: number): pg.ClientConfig {
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

function freePort(): Promise<number> {
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
