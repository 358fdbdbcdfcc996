import { accessSync, constants, existsSync, globSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import * as errors from "../errors.ts";
import { chooseSplitter } from "./read-lines.ts";

/** A file to load. */
export interface LoadableFile {
  readonly path: string;
  /** Without its folder and `.gz`: the ids of the lines are the same however the file is packed. */
  readonly name: string;
  readonly size: number;
  /** Changes with the file. */
  readonly version: readonly unknown[];
  /** The file of its rejected lines, beside it. */
  readonly rejects: string;
}

const REJECTS = ".rejected.jsonl";

/**
 * Finds the files that names and patterns stand for. Files of rejected lines are left out: a pattern like `*.jsonl` matches them, too.
 * @param namesMatter whether the ids of the lines are made from the names
 * @throws UserError if a file cannot be loaded, or its rejected lines cannot be written
 */
export function findFiles(patterns: readonly string[], namesMatter: boolean): LoadableFile[] {
  const paths = new Map(patterns.flatMap(expand).map((path) => [resolve(path), path]));
  const files = [...paths.values()].filter((path) => !path.endsWith(REJECTS)).map(describe);
  if (files.length === 0) throw errors.onlyRejects();
  const first = new Map<string, LoadableFile>();
  for (const file of files) {
    const twin = first.get(file.name);
    if (twin && namesMatter) throw errors.twins(twin.path, file.path);
    first.set(file.name, file);
  }
  return files;
}

/** The shell may have left the pattern alone: in quotes, or because nothing matches. */
function expand(pattern: string): string[] {
  if (existsSync(pattern) || !/[*?[{]/.test(pattern)) return [pattern];
  const paths = globSync(pattern).sort();
  if (paths.length === 0) throw errors.noMatch(pattern);
  return paths;
}

function describe(path: string): LoadableFile {
  chooseSplitter(path);
  const rejects = `${path}${REJECTS}`;
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw errors.unreadableFile(path, (error as NodeJS.ErrnoException).code);
  }
  const stats = statSync(path);
  if (!stats.isFile()) throw errors.unreadableFile(path, stats.isDirectory() ? "EISDIR" : "not a file");
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw errors.unusableRejects(rejects, (error as NodeJS.ErrnoException).code);
  }
  const { size, mtimeMs } = stats;
  return { path, name: basename(path).replace(/\.gz$/i, ""), size, version: [realpathSync(path), size, mtimeMs], rejects };
}
