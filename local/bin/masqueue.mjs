#!/usr/bin/env node
// The command line tool `masqueue`. It is written in TypeScript, which Node 24 runs as it is.
import { fileURLToPath } from "node:url";
import { become, node24 } from "./node24.mjs";

const node = node24();
if (node === process.execPath) await import("../cli.ts");
else become(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
