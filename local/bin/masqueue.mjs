#!/usr/bin/env node
// The command line tool `masqueue`. It is written in TypeScript, which Node 24 runs directly.
import { fileURLToPath } from "node:url";
import { become, findNode24 } from "./node24.mjs";

const node = findNode24();
if (node === process.execPath) await import("../cli.ts");
else become(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
