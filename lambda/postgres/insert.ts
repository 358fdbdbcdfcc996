import type { Client } from "pg";
import { MESSAGE_ID_COLUMN } from "../pipelines/pipeline.ts";
import type { MaskedRow } from "../rows/masked-row.ts";
import { quoteIdent, type Table } from "./table.ts";

interface KeyRow {
  date: string;
  id: string;
}

/** The rows that a statement named, and the others. */
export type Partition = readonly [named: MaskedRow[], others: MaskedRow[]];

/**
 * The statement that writes rows and skips those whose key is already there. The conflict target is named: without it, a row that
 * violates another constraint of the table would vanish as if it were a duplicate.
 * @param source what it selects
 */
export function formatInsert(table: Table, source: string): string {
  return `INSERT INTO ${quoteIdent(table.name)} (${table.columns.map(quoteIdent).join(", ")})
     SELECT ${source}
     ON CONFLICT (${quoteIdent(table.dateColumn)}, ${MESSAGE_ID_COLUMN}) DO NOTHING`;
}

/** Writes the rows with one statement. @returns the rows that it stored, and the others */
export async function insertRows(client: Client, table: Table, rows: readonly MaskedRow[]): Promise<Partition> {
  if (rows.length === 0) return [[], []];
  const values = table.types.map((type, i) => `$${i + 1}::${type}[]`);
  const { rows: stored } = await client.query<KeyRow>(
    `${formatInsert(table, `* FROM unnest(${values.join(", ")})`)}
     RETURNING to_char(${quoteIdent(table.dateColumn)}, 'YYYY-MM-DD') AS date, ${MESSAGE_ID_COLUMN} AS id`,
    table.columns.map((_, i) => rows.map((row) => row.cells()[i] ?? null)),
  );
  return partition(rows, stored);
}

/** Finds rows by key, to distinguish duplicates from rows that a trigger or a rule left out. @returns the found ones and the others */
export async function findRows(client: Client, table: Table, rows: readonly MaskedRow[]): Promise<Partition> {
  if (rows.length === 0) return [[], []];
  const { rows: found } = await client.query<KeyRow>(
    `SELECT to_char(given.date, 'YYYY-MM-DD') AS date, given.id
     FROM unnest($1::date[], $2::text[]) AS given (date, id)
     WHERE EXISTS (SELECT FROM ${quoteIdent(table.name)} AS t WHERE t.${quoteIdent(table.dateColumn)} = given.date AND t.${MESSAGE_ID_COLUMN} = given.id)`,
    [rows.map((row) => row.key.date), rows.map((row) => row.key.id)],
  );
  return partition(rows, found);
}

function partition(rows: readonly MaskedRow[], keys: readonly KeyRow[]): Partition {
  const named = new Set(keys.map(({ date, id }) => `${date} ${id}`));
  const parts: Partition = [[], []];
  for (const row of rows) parts[named.has(`${row.key.date} ${row.key.id}`) ? 0 : 1].push(row);
  return parts;
}
