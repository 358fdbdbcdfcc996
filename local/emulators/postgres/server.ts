import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { UserError } from "../../terminal/errors.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import {
  type Cluster,
  clusterIn,
  configFor,
  DATABASE,
  type Files,
  initialise,
  launch,
  runningPort,
  START_SECONDS,
  stopServer,
} from "./cluster.ts";

/** Any number will do; each run holds it shared, and who gets it alone is the last and stops the server. */
const IN_USE_LOCK = 6_277_801;

export interface EmbeddedPostgres {
  /** Complete: nothing is left for pg to take from the environment. */
  readonly config: pg.ClientConfig;
  readonly logFile: string;
  /** Aborted when the server ends although this run still uses it. */
  readonly lost: AbortSignal;
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
  const cluster = await ready(home, binaries);
  const giveUp = Date.now() + START_SECONDS * 1000;
  for (;;) {
    const port = runningPort(cluster) ?? (await launch(cluster, settings));
    const keeper = port ? await joinServer(cluster, port) : null;
    if (keeper && port) return used(cluster, keeper, port);
    if (Date.now() > giveUp) {
      throw new UserError(
        `The embedded Postgres did not start within ${START_SECONDS} s. Its log is ${cluster.log}; if no postgres process is running, remove ${join(cluster.data, "postmaster.pid")}.`,
      );
    }
    await wait(100);
  }
}

/** The folder and its data, made where they are missing. */
async function ready(home: string, binaries?: Binaries): Promise<Cluster> {
  try {
    const cluster = clusterIn(home, binaries ?? (await findBinaries(home)));
    await initialise(cluster);
    return cluster;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (!code || !syscall) throw error;
    throw new UserError(`The data folder ${home} cannot be used (${code}). Name another one with --data.`);
  }
}

function used(cluster: Cluster, keeper: pg.Client, port: number): EmbeddedPostgres {
  const lost = new AbortController();
  const onEnd = () => lost.abort();
  keeper.on("end", onEnd);
  const stop = () => {
    keeper.off("end", onEnd);
    return leave(cluster, keeper);
  };
  return { config: configFor(cluster, port), logFile: cluster.log, lost: lost.signal, stop };
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
  } catch {
    // Somebody else has ended the server; that is what we wanted.
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
