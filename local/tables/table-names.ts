import { pipelines, queues } from "../../lambda/pipelines/index.ts";
import { MIGRATIONS } from "../../lambda/schema/folders.ts";
import * as errors from "../errors.ts";

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
    "bigint boolean caseless constant date definePipeline digits exact expect integer ip json masked meta network numeric sample test text timestamp tryBody uuid"
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
