import { existsSync, statfsSync } from "node:fs";
import { cpus, loadavg, release, tmpdir, totalmem, type } from "node:os";

/** What the figures of a run depend on, by name. */
export type Machine = Readonly<Record<string, string>>;

/** The type that Linux's statfs gives to files in memory. */
const TMPFS = 0x01021994;

/** @param folder of the server's data */
export function describeMachine(folder: string): Machine {
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " ").concat(" UTC"),
    command: ["npm run bench --", ...process.argv.slice(2)].join(" "),
    node: process.version,
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    // Processes that wanted a core in the minute before the run: above 0, the machine was busy.
    load: loadavg()[0]?.toFixed(1) ?? "unknown",
    data: isInMemory(folder) ? "in memory: fsync costs nothing there" : "on a disk",
  };
}

/** A folder for temporary data, on a disk if the machine has one. */
export function findDiskFolder(): string {
  return isInMemory(tmpdir()) && existsSync("/var/tmp") ? "/var/tmp" : tmpdir();
}

function isInMemory(folder: string): boolean {
  return process.platform === "linux" && statfsSync(folder).type === TMPFS;
}
