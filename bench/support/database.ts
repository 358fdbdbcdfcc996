import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { migrate } from "../../lambda/schema/runner.ts";
import { startPostgres } from "../../local/emulators/postgres/server.ts";
import { connected } from "./connect.ts";
import { folderOnDisk, type Machine, machineOf } from "./machine.ts";

/** As a server of a few gigabytes has it; checkpoints come only when they are asked for, or their pages would blur what is measured. */
const SETTINGS = ["fsync=on", "shared_buffers=512MB", "max_wal_size=8GB", "checkpoint_timeout=1h", "max_connections=100"];

export interface BenchDatabase {
  readonly config: pg.ClientConfig;
  readonly machine: Machine;
  /** Stops the server and removes its data. */
  close(): Promise<void>;
}

/** A server of the run's own on a disk, with what the migrations make. @param command what the user typed, for the report */
export async function openDatabase(command: string): Promise<BenchDatabase> {
  const home = mkdtempSync(join(folderOnDisk(), "masqueue-bench-"));
  const server = await startPostgres(home, SETTINGS).catch((error: unknown) => {
    rmSync(home, { recursive: true, force: true });
    throw error;
  });
  const close = async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const client = await connected(server.config);
    await migrate(client);
    const machine = await machineOf(client, home, command);
    await client.end();
    return { config: server.config, machine, close };
  } catch (error) {
    await close();
    throw error;
  }
}
