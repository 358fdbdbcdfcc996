import pg from "pg";
import { type Column, MESSAGE_ID_COLUMN, type Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { formatSqlType } from "../../lambda/pipelines/sql-type.ts";
import type { Catalogue, CatalogueColumn } from "../../lambda/postgres/catalogue.ts";
import { findProblems, type Problem } from "../../lambda/postgres/table-check.ts";
import { type Comment, commentTable, createTable, defineColumn, grantTable, listComments, OWN_COMMENT } from "./ddl.ts";

const quote = pg.escapeIdentifier;

/** The differences between a declaration and its table, each in words. */
export interface TableDiff {
  readonly table: string;
  /** Differences that a migration can end without losing a value. */
  readonly changes: readonly Change[];
  /** Differences that need a decision: no statement is written for them. */
  readonly byHand: readonly string[];
  /** Differences that may stay. */
  readonly notes: readonly string[];
  /** The rights of the ingest role on a table that the migration creates. */
  readonly grants: string | null;
}

interface Change {
  readonly text: string;
  readonly sql: string;
}

/**
 * Compares a declaration with its table. Pure.
 * @param hasRows whether the table has rows: a unique key is then not added, because that locks the table, and a comment tells no mask
 */
export function diffTable(catalogue: Catalogue, pipeline: Pipeline, hasRows: boolean): TableDiff {
  const { table } = pipeline;
  const changes: Change[] = [];
  const byHand: string[] = [];
  for (const problem of findProblems(catalogue, pipeline)) {
    const sql = findStatement(problem, catalogue, pipeline, hasRows);
    if (sql === undefined) byHand.push(problem.text + advise(problem, pipeline));
    else changes.push({ text: problem.text, sql });
  }
  // The key may be on columns that are added.
  changes.sort((a, b) => Number(a.sql.includes(" ADD UNIQUE ")) - Number(b.sql.includes(" ADD UNIQUE ")));
  if (!catalogue.exists) return { table, changes, byHand, notes: [], grants: grantTable(pipeline) };
  const comments = diffComments(catalogue, pipeline, hasRows);
  changes.push(...comments.changes);
  byHand.push(...comments.byHand);
  return { table, changes, byHand, notes: listNotes(catalogue, pipeline), grants: null };
}

/** The statement that ends a problem; undefined if no statement is safe. */
function findStatement({ kind, column: name }: Problem, catalogue: Catalogue, pipeline: Pipeline, hasRows: boolean): string | undefined {
  const alter = `ALTER TABLE ${quote(pipeline.table)}`;
  const column = pipeline.columns.find((declared) => declared.name === name);
  const existing = catalogue.columns.find((other) => other.name === name);
  if (kind === "no-table") return `${createTable(pipeline)}\n${commentTable(pipeline)}`;
  if (kind === "no-key" && !hasRows) return `${alter} ADD UNIQUE (${quote(pipeline.dateColumn)}, ${MESSAGE_ID_COLUMN});`;
  if (kind === "no-column") return `${alter} ADD COLUMN ${column ? defineColumn(column) : `${MESSAGE_ID_COLUMN} text COLLATE "C"`};`;
  if (kind !== "narrow" || !existing || existing.isDomain) return undefined;
  const type = column ? widen(existing, column) : 'text COLLATE "C"';
  return type && `${alter} ALTER COLUMN ${quote(existing.name)} TYPE ${type};`;
}

/** The type that holds all that the column holds and may hold; undefined if it is of another kind. */
function widen({ type, precision, scale }: CatalogueColumn, { sql }: Column): string | undefined {
  if (type === "character varying") return formatSqlType(sql);
  const [digits = 0, decimals = 0] = sql.size ?? [];
  if (type !== "numeric" || precision === null || scale === null) return undefined;
  const after = Math.max(scale, decimals);
  return `numeric(${Math.max(precision - scale, digits - decimals) + after},${after})`;
}

function advise({ kind }: Problem, { table, dateColumn }: Pipeline): string {
  const key = `${quote(dateColumn)}, ${MESSAGE_ID_COLUMN}`;
  if (kind === "no-key")
    return `; it has rows, so build the key while it is in use, outside a migration: CREATE UNIQUE INDEX CONCURRENTLY ON ${quote(table)} (${key})`;
  if (kind === "type") return "; let the declaration fill a new column, or change the type while the table may be locked";
  if (kind === "narrow") return "; change its type or domain by hand";
  if (kind === "unfilled") return "; declare it, give it a default, or drop NOT NULL";
  return "";
}

/** Finds comments that are missing, or that an older declaration made. A comment that people wrote stays. */
function diffComments({ comment, columns }: Catalogue, pipeline: Pipeline, hasRows: boolean): Pick<TableDiff, "changes" | "byHand"> {
  const existing = new Map<string | undefined, string | null>(columns.map((column) => [column.name, column.comment]));
  existing.set(undefined, comment);
  const outdated: Comment[] = [];
  const byHand: string[] = [];
  for (const wanted of listComments(pipeline)) {
    const current = existing.get(wanted.column) ?? null;
    if (current !== null && (current === wanted.text || !OWN_COMMENT.test(current))) continue;
    // The older rows keep their values: a comment that tells another mask is still true of them.
    const isMask = [wanted.text, current ?? ""].some((text) => MASKED_COMMENT.test(text));
    const advice = `declare a new column, or if its values are what is declared now, run ${wanted.sql}`;
    if (isMask && current !== null)
      byHand.push(`column ${wanted.column} was filled by another mask, by none, or from another field, as its comment tells: ${advice}`);
    else if (isMask && hasRows && existing.has(wanted.column))
      byHand.push(`column ${wanted.column} has no comment, so it cannot be told what its older rows hold: ${advice}`);
    else outdated.push(wanted);
  }
  if (outdated.length === 0) return { changes: [], byHand };
  const names = outdated.map(({ column }) => column ?? "the table").join(", ");
  const sql = outdated.map((one) => one.sql).join("\n");
  return { changes: [{ text: `comments are missing or out of date: ${names}`, sql }], byHand };
}

const MASKED_COMMENT = /^(Token|SHA-256 digest) of field /;

function listNotes({ columns }: Catalogue, pipeline: Pipeline): string[] {
  const declared = new Map(pipeline.columns.map((column) => [column.name, column]));
  return columns.flatMap((existing) => {
    const { name, needsValue, hasDefault } = existing;
    const column = declared.get(name);
    if (column) return isWider(existing, column) ? [`column ${name} is wider than declared; it may stay so`] : [];
    if (name === MESSAGE_ID_COLUMN || needsValue || hasDefault) return [];
    return [`column ${name} is not declared; it is kept, and stays NULL in new rows`];
  });
}

function isWider({ length, precision, scale }: CatalogueColumn, { kind, sql }: Column): boolean {
  const [first = 0, second = 0] = sql.size ?? [];
  if (kind === "text") return length !== null && length > first;
  return kind === "numeric" && precision !== null && scale !== null && (precision > first || scale > second);
}

/** The migration that makes the changes, as a file of lambda/custom/migrations; null if there are none. */
export function formatMigration(diffs: readonly TableDiff[]): string | null {
  const statements = diffs.flatMap(({ changes }) => changes.map(({ sql }) => sql));
  return statements.length === 0 ? null : ["-- Up Migration", ...statements].join("\n");
}
