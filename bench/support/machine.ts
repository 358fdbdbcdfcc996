import { existsSync, statfsSync } from "node:fs";
import { cpus, loadavg, release, tmpdir, totalmem, type } from "node:os";
import type pg from "pg";

/** What a run's figures depend on. */
export interface Machine {
  readonly date: string;
  readonly command: string;
  readonly node: string;
  readonly cpu: string;
  readonly memory: string;
  readonly system: string;
  readonly data: string;
  /** Processes that wanted a core before the run began: above nothing, others were at work. */
  readonly load: string;
  readonly postgres: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Settings that decide about the speed of writing. */
const SETTINGS = [
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "wal_level",
  "wal_compression",
  "wal_buffers",
  "shared_buffers",
  "max_wal_size",
  "checkpoint_timeout",
  "autovacuum",
  "server_encoding",
];

/** Of Linux's statfs: files that are only in memory, where fsync costs nothing. */
const TMPFS = 0x01021994;

export async function machineOf(client: pg.Client, folder: string, command: string): Promise<Machine> {
  const { rows } = await client.query<{ name: string; value: string }>(
    "SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY ($1)",
    [SETTINGS],
  );
  const version = await client.query<{ server_version: string }>("SHOW server_version");
  const settings = new Map(rows.map(({ name, value }) => [name, value]));
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " ").concat(" UTC"),
    command,
    node: process.version,
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    data: isInMemory(folder) ? `${folder}, in memory: fsync costs nothing there` : folder,
    load: loadavg()[0]?.toFixed(1) ?? "unknown",
    postgres: version.rows[0]?.server_version ?? "unknown",
    settings: Object.fromEntries(SETTINGS.map((name) => [name, settings.get(name) ?? "unknown"])),
  };
}

/** Where temporary data lies on a disk, if there is such a place. */
export function folderOnDisk(): string {
  return isInMemory(tmpdir()) && existsSync("/var/tmp") ? "/var/tmp" : tmpdir();
}

function isInMemory(folder: string): boolean {
  return process.platform === "linux" && statfsSync(folder).type === TMPFS;
}
