import type { ChildProcess } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import * as errors from "../../errors.ts";
import type { Binaries } from "./binaries.ts";
import { buildConfig, DATABASE, type Files, launch, openCluster, readRunningPort, stopServer } from "./cluster.ts";

/** An advisory lock with any number: each run holds it shared, and the last one, which gets it alone, stops the server. */
const IN_USE_LOCK = 6_277_801;
const START_TIMEOUT = 30_000;

export type EmbeddedPostgres = Awaited<ReturnType<typeof startPostgres>>;

/**
 * Starts the Postgres of the npm package, or joins the one that another run has started on the same folder. The server itself counts its
 * users (a shared advisory lock that a killed run loses with its connection), so there is no lock file to go stale.
 * @param folder keeps data, password and log between runs
 * @param settings further `name=value` server settings
 * @param binaries another server's binaries, for tests
 */
export async function startPostgres(folder: string, settings: string[] = [], binaries?: Binaries) {
  const cluster = await openCluster(folder, binaries);
  const deadline = Date.now() + START_TIMEOUT;
  let server: ChildProcess | undefined;
  for (;;) {
    const port = readRunningPort(cluster);
    const keeper = port && (await joinServer(cluster, port));
    if (keeper) {
      const lost = new AbortController();
      const onEnd = () => lost.abort();
      keeper.on("end", onEnd);
      return {
        ...{ config: buildConfig(cluster, port), logFile: cluster.log },
        /** Aborted when the server ends although this run still uses it. */
        lost: lost.signal,
        /** Ends this run's use; the last run stops the server. */
        stop: () => leaveServer(cluster, keeper.off("end", onEnd)),
      };
    }
    if (Date.now() > deadline) throw errors.slowServer(cluster.log, join(cluster.data, "postmaster.pid"));
    const isStarting = server?.exitCode === null && server.signalCode === null;
    if (!port && !isStarting) server = await launch(cluster, settings);
    await wait(50);
  }
}

/** A connection that marks the server as used; null if the server is starting or stopping. */
async function joinServer(cluster: Files, port: number): Promise<pg.Client | null> {
  const keeper = new pg.Client({ ...buildConfig(cluster, port), database: "postgres" });
  keeper.on("error", () => {});
  try {
    await keeper.connect();
    await keeper.query("SELECT pg_advisory_lock_shared($1)", [IN_USE_LOCK]);
    const { rows } = await keeper.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
    // 42P04 and 23505: another run created it meanwhile.
    if (rows.length === 0) {
      await keeper.query(`CREATE DATABASE ${DATABASE}`).catch((error) => {
        if (!["42P04", "23505"].includes(error.code)) throw error;
      });
    }
    return keeper;
  } catch (error) {
    await keeper.end().catch(() => {});
    if (error instanceof pg.DatabaseError && error.code === "28P01") throw errors.wrongPassword(cluster.password);
    return null;
  }
}

async function leaveServer(cluster: Files, keeper: pg.Client): Promise<void> {
  try {
    await keeper.query("SELECT pg_advisory_unlock_shared($1)", [IN_USE_LOCK]);
    const { rows } = await keeper.query("SELECT pg_try_advisory_lock($1) AS last", [IN_USE_LOCK]);
    // Held until the server has gone: a run that joins meanwhile waits for this lock, loses its connection and starts a server.
    if (rows[0]?.last) await stopServer(cluster);
  } catch {
    // Another process has ended the server.
  } finally {
    await keeper.end().catch(() => {});
  }
}

/**
 * Stops a server that a killed run has left running.
 * @returns false if another run uses it
 */
export async function stopLeftover(folder: string): Promise<boolean> {
  for (const version of globSync("postgres-[0-9]*", { cwd: folder })) {
    const cluster = { data: join(folder, version), password: join(folder, "postgres.password") };
    const port = readRunningPort(cluster);
    if (!port) continue;
    const keeper = await joinServer(cluster, port).catch(() => null);
    if (keeper) await leaveServer(cluster, keeper);
    if (keeper && readRunningPort(cluster)) return false;
    // Without its password no run can use it.
    if (!keeper) await stopServer(cluster);
  }
  return true;
}
