import { type DateLimit, findMistake, parseLimit } from "./column-rules.ts";
import type { ColumnSpec } from "./columns.ts";
import { type Condition, compileCondition, type Test } from "./condition.ts";
import { buildFieldTree, type FieldTree, type Path, parsePath } from "./path.ts";
import { type SqlType, toSqlType } from "./sql-type.ts";

// A declaration imports everything from here.
export { bigint, boolean, constant, date, integer, json, masked, meta, numeric, text, timestamp, uuid } from "./columns.ts";
export { caseless, digits, exact, ip, network } from "./masks.ts";

/** A column of a pipeline, checked. */
export type Column = ColumnSpec & {
  readonly name: string;
  /** Path of the column's field in the body, as declared; the column's name if it has no field. */
  readonly from: string;
  readonly path: Path;
  /** The type of the column in a table that is made for the pipeline. */
  readonly sql: SqlType;
  /** The first and the last day of a date or timestamp. */
  readonly first?: DateLimit | undefined;
  readonly last?: DateLimit | undefined;
};

/** The masking of personal fields: under a secret key, or reversibly, to match the rows of a legacy table. */
export type PipelineMasking = "hmac" | { readonly sha256: true; readonly acceptReversible?: boolean };

/** The envelope that an AWS service puts around an event. */
export type EnvelopeKind = "sns" | "eventbridge";

export interface PipelineDeclaration {
  /** The pipeline's name in `rejections`, logs and metrics. */
  name: string;
  table: string;
  /** The messages that belong to the pipeline, if its queue carries others, too. @default all */
  when?: Condition;
  /** Takes the event out of this envelope, and the time of sending with it. @default an envelope is rejected */
  unwrap?: EnvelopeKind;
  /** @default "message-id": a row is stored once for each SQS message; "event-id": once for each `event-id` attribute */
  once?: "message-id" | "event-id";
  /** Purposes that must stay unjoinable get different domains. @default "main" */
  domain?: string;
  /** @default "hmac" */
  masking?: PipelineMasking;
  columns: Record<string, ColumnSpec>;
}

/** A declaration, checked and in the form that the stages read. */
export interface Pipeline extends Required<Pick<PipelineDeclaration, "name" | "table" | "once" | "domain" | "masking">> {
  readonly when: Test;
  readonly unwrap: EnvelopeKind | undefined;
  readonly columns: readonly Column[];
  /** The fields of a body that a column or `when` reads; all others are counted as unknown. */
  readonly fields: FieldTree;
  /** The date column of the key; `message_id` is the key's other half. */
  readonly keyDate: Column;
  readonly dateColumn: string;
  /** Whether a column needs digits of JSON numbers that a double loses. */
  readonly keepsDigits: boolean;
}

/** Every pipeline adds this column to those of its declaration: the second half of the key. */
export const MESSAGE_ID_COLUMN = "message_id";

const OPTIONS = ["name", "table", "when", "unwrap", "once", "domain", "masking", "columns"];
const NAME = /^[a-z_][a-z0-9_]{0,62}$/;
/** Columns that every table of Postgres has: https://www.postgresql.org/docs/current/ddl-system-columns.html */
const SYSTEM_COLUMNS = ["cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"];
const OWN_TABLES = ["mask_keys", "rejected_messages", "rejections", "unknown_fields"];

/** Checks a declaration. @throws TypeError for a mistake in it, because that is a mistake in code */
export function definePipeline(declaration: PipelineDeclaration): Pipeline {
  const { name, table, when, unwrap, once = "message-id", domain = "main", masking = "hmac" } = declaration;
  const fail = (what: string): never => {
    throw new TypeError(`pipeline ${name}: ${what}`);
  };
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]*$/.test(name)) fail("name must be lower-case words joined by hyphens");
  refuseUnknown(`pipeline ${name}`, declaration, OPTIONS);
  if (once !== "message-id" && once !== "event-id") fail(`once is ${JSON.stringify(once)}; allowed: "message-id", "event-id"`);
  if (unwrap !== undefined && unwrap !== "sns" && unwrap !== "eventbridge")
    fail(`unwrap is ${JSON.stringify(unwrap)}; allowed: "sns", "eventbridge"`);
  if (masking !== "hmac") {
    if (Object(masking).sha256 !== true) fail('masking must be "hmac" or { sha256: true }');
    refuseUnknown(`pipeline ${name}, masking`, masking, ["sha256", "acceptReversible"]);
  }
  for (const word of [table, domain, ...Object.keys(declaration.columns)]) {
    if (!NAME.test(word)) fail(`${word} must be a plain lower-case name of up to 63 characters`);
  }
  if (OWN_TABLES.includes(table)) fail(`table ${table} belongs to Masqueue`);
  const columns = Object.entries(declaration.columns).map(([column, spec]): Column => {
    if (column === MESSAGE_ID_COLUMN) fail(`${MESSAGE_ID_COLUMN} is added automatically; leave it out`);
    if (SYSTEM_COLUMNS.includes(column)) fail(`${column} is a system column of Postgres; choose another name`);
    const mistake = findMistake(spec);
    return mistake ? fail(`column ${column}: ${mistake}`) : compileColumn(column, spec);
  });
  const shown = findRevealed(columns);
  if (shown) fail(shown);
  const [keyDate, ...more] = columns.filter((column) => column.kind === "date" && column.otherwise !== undefined);
  if (!keyDate || more.length > 0) return fail('exactly one date column needs otherwise: "sent"; it is half of the key');
  const test = when ? compileCondition(`pipeline ${name}, when`, when) : [];
  return {
    ...{ name, table, once, domain, masking, unwrap, columns, keyDate, dateColumn: keyDate.name, when: test },
    fields: buildFieldTree([...columns.flatMap(listPaths), ...test.map(({ path }) => path)]),
    keepsDigits: columns.some(needsDigits),
  };
}

/** The compiler refuses an unknown option only in an object literal. From a spread, or in plain JavaScript, it would be ignored. */
function refuseUnknown(owner: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new TypeError(`${owner}: unknown option ${unknown.join(", ")}; known options: ${known.join(", ")}`);
}

function compileColumn(name: string, spec: ColumnSpec): Column {
  const from = ("from" in spec && spec.from) || name;
  const days = spec.kind === "date" || spec.kind === "timestamp" ? toDays(spec) : {};
  return { ...spec, ...days, name, from, path: parsePath(from) ?? [], sql: toSqlType(spec) };
}

function toDays({ notBefore, notAfter }: { notBefore?: string; notAfter?: string }): Pick<Column, "first" | "last"> {
  return { first: notBefore && parseLimit(notBefore), last: notAfter && parseLimit(notAfter) };
}

/** The fields of the body that a column reads. */
function listPaths({ path, ...column }: Column): Path[] {
  if (column.kind === "constant" || column.kind === "meta") return [];
  return column.kind === "json" ? column.pick.map((member) => [...path, member]) : [path];
}

/** Finds a column that shows what another one masks: the token would then stand beside its value. */
function findRevealed(columns: readonly Column[]): string | undefined {
  const hidden = columns.filter(({ kind }) => kind === "masked");
  const shown = columns.filter((column) => column.kind !== "masked" && !("reveals" in column && column.reveals));
  for (const masked of hidden)
    for (const plain of shown)
      if (listPaths(plain).some((path) => overlaps(path, masked.path)))
        return `column ${plain.name} stores ${masked.from}, which column ${masked.name} masks; if that is intended, add reveals: "the reason"`;
  return undefined;
}

/** Whether one of two paths leads into the other. */
function overlaps(a: Path, b: Path): boolean {
  return a.slice(0, b.length).every((name, i) => name === b[i]);
}

/** JSON.parse makes a double of a number; these columns need the digits that were sent. */
function needsDigits(column: Column): boolean {
  return (
    column.kind === "bigint" || column.kind === "numeric" || column.kind === "json" || (column.kind === "masked" && column.numbers === true)
  );
}

/** The identifiers that the pipeline masks, each once. */
export function listIdentifiers(pipeline: Pipeline): string[] {
  return [...new Set(pipeline.columns.flatMap((column) => (column.kind === "masked" ? [column.identifier] : [])))];
}
