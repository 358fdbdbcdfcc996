#!/usr/bin/env node
// The command line tool `masqueue`. It is written in TypeScript, which Node 24 runs directly.
import { fileURLToPath } from "node:url";
import { become, findNode24 } from "./node24.mjs";

const node = findNode24();
if (node === process.execPath) {
  // Nothing is open yet. The program's own listener replaces this one, without a moment between them in which a signal is lost.
  const exit = () => process.exit(130);
  process.on("SIGINT", exit);
  const { runProgram } = await import("../terminal/program.ts");
  const run = runProgram(() => import("../cli.ts"));
  process.off("SIGINT", exit);
  await run;
} else become(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
