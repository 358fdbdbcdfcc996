import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveDataDir } from "../../local/targets/data-dir.ts";

const LAUNCHER = join(import.meta.dirname, "../../local/bin/masqueue.mjs");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Waits until stdout or stderr holds the text. */
  prints(text: string): Promise<void>;
}

/** Runs the command line tool as a process with only these variables of the environment, and PATH and HOME. */
export function launch(args: readonly string[], env: Record<string, string> = {}): Running {
  return launchNode([LAUNCHER, ...args], { PATH: process.env.PATH, HOME: process.env.HOME, ...env });
}

/** Runs a script under this Node, with only this environment. @param args the script and its arguments @param cwd its folder */
export function launchNode(args: readonly string[], env: NodeJS.ProcessEnv, cwd = process.cwd()): Running {
  const child = spawn(process.execPath, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  return {
    child,
    ended,
    async prints(text) {
      while (!`${stdout}${stderr}`.includes(text)) {
        if (child.exitCode !== null) throw new Error(`it ended without printing "${text}": ${stdout}${stderr}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

export function masqueue(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return launch(args, env).ended;
}

/** A new data folder. */
export function dataFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "masqueue-data-"));
  return {
    path,
    remove() {
      rmSync(resolveDataDir(path).embedded, { recursive: true, force: true });
      rmSync(path, { recursive: true, force: true });
    },
  };
}
