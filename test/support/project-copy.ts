import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, launchNode } from "./masqueue.ts";

const ROOT = join(import.meta.dirname, "../..");
const ITEMS = ["lambda", "local", "package.json", "tsconfig.json", "biome.json", ".gitignore", "jest.config.mjs"];

/** A copy of the project whose `lambda/custom` is as it is delivered, to be changed by a test. */
export interface ProjectCopy {
  readonly folder: string;
  /** Runs the copy's command line tool. */
  masqueue(...args: string[]): Promise<Ended>;
  /** Runs a script of a package. */
  node(...args: string[]): Promise<Ended>;
  remove(): void;
}

export function copyProject(): ProjectCopy {
  const folder = mkdtempSync(join(tmpdir(), "masqueue-project-"));
  for (const item of ITEMS) cpSync(join(ROOT, item), join(folder, item), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const custom = join(folder, "lambda/custom");
  rmSync(custom, { recursive: true });
  for (const item of ["migrations/README.md", "grants/README.md"]) cpSync(join(ROOT, "lambda/custom", item), join(custom, item));
  writeFileSync(join(custom, "pipelines.ts"), "/**\n * Your own pipelines.\n */\nexport {};\n");
  const run = (args: readonly string[]) => launchNode(args, { PATH: process.env.PATH, HOME: process.env.HOME }, folder).ended;
  return {
    folder,
    masqueue: (...args) => run([join(folder, "local/bin/masqueue.mjs"), ...args]),
    node: (...args) => run(args),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
