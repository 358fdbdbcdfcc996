import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../lambda/schema/runner.ts";
import { startPostgres } from "../../local/emulators/postgres/server.ts";
import { describeMachine, findDiskFolder, type Machine } from "./machine.ts";

/** Those of a server of a few gigabytes; a checkpoint runs only when a suite asks for it, or its page images would blur the figures. */
const SETTINGS = ["fsync=on", "shared_buffers=512MB", "max_wal_size=8GB", "checkpoint_timeout=1h", "max_connections=100"];

export interface BenchDatabase {
  readonly config: pg.ClientConfig;
  /** The machine, and the server on it. */
  readonly machine: Machine;
  /** Stops the server and removes its data. */
  close(): Promise<void>;
}

/** Starts the run's own server, on a disk, and migrates its database. */
export async function openDatabase(): Promise<BenchDatabase> {
  const folder = mkdtempSync(join(findDiskFolder(), "masqueue-bench-"));
  let stop = async () => {};
  const close = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const server = await startPostgres(folder, SETTINGS);
    stop = () => server.stop();
    const client = await connect(server.config);
    await migrate(client);
    const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
    await client.end();
    const machine = { ...describeMachine(folder), postgres: rows[0]?.server_version ?? "unknown", settings: SETTINGS.join(", ") };
    return { config: server.config, machine, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  await client.connect();
  return client;
}

/** Creates an empty table with the columns and the key of `user_logins`. @param name plain lower-case words @returns its full name */
export async function createTable(client: pg.Client, name: string): Promise<string> {
  const table = `bench_${name}`;
  await client.query(`CREATE TABLE ${table} (LIKE user_logins INCLUDING ALL)`);
  return table;
}
