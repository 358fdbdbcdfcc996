import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { pipelines, queues } from "../../lambda/pipelines/index.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { readRegistry } from "../../lambda/pipelines/registry.ts";
import { MIGRATIONS } from "../../lambda/schema/folders.ts";
import * as errors from "../errors.ts";
import { ROOT } from "../targets/data-dir.ts";
import { commentTable, createTable, grantTable } from "./ddl.ts";
import { formatSource } from "./source.ts";

/** What a table is called in each language. */
export interface TableNames {
  /** `web-orders`: the pipeline and its folder. */
  readonly name: string;
  /** `web_orders`. */
  readonly table: string;
  /** `webOrders`: the export of its declaration. */
  readonly identifier: string;
}

/** Words that Postgres takes as a table's name only in quotes. https://www.postgresql.org/docs/18/sql-keywords-appendix.html */
const SQL_WORDS = new Set(
  (
    "all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column concurrently " +
    "constraint create cross default deferrable desc distinct do else end except false fetch for foreign freeze from full grant group having " +
    "ilike in initially inner intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null " +
    "offset on only or order outer overlaps placing primary references returning right select similar some symmetric table tablesample then " +
    "to trailing true union unique user using variadic verbose when where window with"
  ).split(" "),
);

/** Words of TypeScript, and names that the generated files use. */
const CODE_WORDS = new Set(
  (
    "await break catch class const continue debugger delete enum export extends finally function if implements import instanceof interface let " +
    "new package private protected public return static super switch this throw try typeof var void while yield arguments eval " +
    "bigint boolean caseless constant date digits exact expect integer ip json masked meta network numeric sample test text timestamp uuid"
  ).split(" "),
);

/** @throws UserError if the name cannot be that of a new pipeline, of its table and of its export */
export function nameTable(name: string): TableNames {
  if (!/^[a-z](-?[a-z0-9])*$/.test(name) || name.length > 40) throw errors.badTableName();
  const table = name.replaceAll("-", "_");
  const identifier = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  if (SQL_WORDS.has(table) || CODE_WORDS.has(identifier)) throw errors.reservedTableName(name);
  const taken = [...Object.keys(pipelines), ...Object.keys(queues)];
  const tables = [...Object.values(pipelines).map((pipeline) => pipeline.table), ...MIGRATIONS.flatMap(({ relations = [] }) => relations)];
  if (taken.includes(name) || tables.includes(table) || ["migrations", "grants"].includes(name)) throw errors.takenTableName(name);
  return { name, table, identifier };
}

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
