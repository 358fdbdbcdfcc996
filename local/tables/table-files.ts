import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { pipelines } from "../../lambda/pipelines/index.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { readRegistry } from "../../lambda/pipelines/registry.ts";
import * as errors from "../errors.ts";
import { ROOT } from "../targets/data-dir.ts";
import { commentTable, createTable, grantTable } from "./ddl.ts";
import { formatSource } from "./source.ts";
import type { TableNames } from "./table-names.ts";

const CUSTOM = join(ROOT, "lambda/custom");
const LIST = join(CUSTOM, "pipelines.ts");

/** The files of a new table. */
export interface TableFiles {
  readonly declaration: string;
  readonly sample: string;
  readonly test: string;
  readonly migration: string;
  readonly grants: string;
  readonly list: string;
}

/** Finds the places of a table's files. @throws UserError if one of them is taken; it names it */
export function placeFiles({ name, table, identifier }: TableNames): TableFiles {
  const folder = join(CUSTOM, name);
  const sql = globSync("{migrations,grants}/*.sql", { cwd: CUSTOM });
  const numbers = sql.map((file) => Number(/^\d+/.exec(basename(file))?.[0] ?? 0));
  const number = String(Math.max(0, ...numbers) + 1).padStart(3, "0");
  const twin = sql.find((file) => basename(file).replace(/^\d+_/, "") === `${table}.sql`);
  const taken = [folder, ...(twin ? [join(CUSTOM, twin)] : [])].find((path) => existsSync(path));
  if (taken) throw errors.existingTableFile(toShown(taken));
  if (new RegExp(`\\b${identifier}\\b`).test(readFileSync(LIST, "utf8").replace(/\/\*.*?\*\//gs, "")))
    throw errors.takenExport(identifier, toShown(LIST));
  return {
    declaration: join(folder, "pipeline.ts"),
    sample: join(folder, "sample.json"),
    test: join(folder, "pipeline.test.ts"),
    migration: join(CUSTOM, "migrations", `${number}_${table}.sql`),
    grants: join(CUSTOM, "grants", `${number}_${table}.sql`),
    list: LIST,
  };
}

/** A path as people type it in the project's folder. */
export function toShown(path: string): string {
  return relative(ROOT, path);
}

/**
 * Writes the files of a table. The SQL is made from the declaration as it was written, so the two agree. After a failure nothing is left.
 * @param sample the body of the sample
 * @param writeTest makes the test from the checked declaration
 */
export async function writeFiles(
  files: TableFiles,
  { identifier }: TableNames,
  declaration: string,
  sample: object,
  writeTest: (pipeline: Pipeline) => Promise<string>,
): Promise<Pipeline> {
  const list = readFileSync(files.list, "utf8");
  const write = (file: string, content: string) => writeFileSync(file, content, { flag: "wx" });
  mkdirSync(dirname(files.declaration));
  try {
    write(files.declaration, formatSource(files.declaration, declaration));
    const module: Record<string, Pipeline> = await import(pathToFileURL(files.declaration).href);
    const pipeline = module[identifier] as Pipeline;
    readRegistry([...Object.values(pipelines), pipeline]);
    write(files.sample, `${JSON.stringify(sample, null, 2)}\n`);
    write(files.test, formatSource(files.test, await writeTest(pipeline)));
    write(files.migration, `-- Up Migration\n${createTable(pipeline)}\n\n${commentTable(pipeline)}\n`);
    write(files.grants, `-- Up Migration\n${grantTable(pipeline)}\n`);
    writeFileSync(files.list, formatSource(files.list, addExport(list, `export { ${identifier} } from "./${pipeline.name}/pipeline.ts";`)));
    return pipeline;
  } catch (error) {
    rmSync(dirname(files.declaration), { recursive: true });
    for (const file of [files.migration, files.grants]) rmSync(file, { force: true });
    writeFileSync(files.list, list);
    throw error;
  }
}

/** The blank line keeps the comment at the top when the linter sorts the exports. */
function addExport(list: string, line: string): string {
  return `${list.replace(/\*\/\nexport \{\};\n/, "*/\n\n").replace(/^export \{\};\n/m, "")}${line}\n`;
}
