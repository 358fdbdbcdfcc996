import type { Client } from "pg";
import type { MaskedRow } from "../ingest/mask.ts";
import { MESSAGE_ID_COLUMN } from "../pipelines/pipeline.ts";
import { quoted, type Table } from "./table.ts";

interface KeyRow {
  date: string;
  id: string;
}

/**
 * Writes the rows with one statement, leaving those whose key is there already. The conflict target is named: without it
 * a row that only a constraint of the user's own refuses would vanish as if it were a duplicate.
 * @returns for each row, true where this statement stored it
 */
export async function insertRows(client: Client, table: Table, rows: readonly MaskedRow[]): Promise<boolean[]> {
  const values = table.columns.map((column, i) => `$${i + 1}::${column === table.dateColumn ? "date" : "text"}[]`);
  const { rows: stored } = await client.query<KeyRow>(
    `INSERT INTO ${quoted(table.name)} (${table.columns.map(quoted).join(", ")})
     SELECT * FROM unnest(${values.join(", ")})
     ON CONFLICT (${quoted(table.dateColumn)}, ${MESSAGE_ID_COLUMN}) DO NOTHING
     RETURNING to_char(${quoted(table.dateColumn)}, 'YYYY-MM-DD') AS date, ${MESSAGE_ID_COLUMN} AS id`,
    table.columns.map((_, i) => rows.map((row) => row.cells()[i] ?? null)),
  );
  return found(rows, stored);
}

/** For each row, true where the table has its key: tells a duplicate from a row that a trigger or a rule left out. */
export async function findRows(client: Client, table: Table, rows: readonly MaskedRow[]): Promise<boolean[]> {
  const { rows: there } = await client.query<KeyRow>(
    `SELECT to_char(given.date, 'YYYY-MM-DD') AS date, given.id
     FROM unnest($1::date[], $2::text[]) AS given (date, id)
     WHERE EXISTS (SELECT FROM ${quoted(table.name)} AS t WHERE t.${quoted(table.dateColumn)} = given.date AND t.${MESSAGE_ID_COLUMN} = given.id)`,
    [rows.map((row) => row.key.date), rows.map((row) => row.key.id)],
  );
  return found(rows, there);
}

function found(rows: readonly MaskedRow[], keys: readonly KeyRow[]): boolean[] {
  const there = new Set(keys.map(({ date, id }) => `${date} ${id}`));
  return rows.map(({ key }) => there.has(`${key.date} ${key.id}`));
}
