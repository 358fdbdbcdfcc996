import pg from "pg";
import type { Deadline } from "../deadline.ts";
import type { MaskedRow } from "../rows/masked-row.ts";
import { DUPLICATE, type Outcome, reject, type SettledRow, STORED, UNSETTLED } from "../rows/outcome.ts";
import { findRows, insertRows } from "./insert.ts";
import { assignBlame } from "./sqlstate.ts";
import type { Table } from "./table.ts";

/**
 * Inserts rows of which Postgres may refuse some. A part that fails is halved until a row fails alone: about 2·log2(n) statements for one
 * bad row. Only a row that is refused alone is rejected; a row for which no time was left is unsettled.
 * @throws any error that concerns more than a row: no permission, a lost connection
 */
export async function insertIsolating(
  client: pg.Client,
  table: Table,
  rows: readonly MaskedRow[],
  deadline: Deadline,
): Promise<SettledRow[]> {
  if (rows.length === 0) return [];
  if (deadline.passed) return settleAll(rows, UNSETTLED);
  try {
    return await insertSettled(client, table, rows);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || assignBlame(error) !== "row") throw error;
    if (rows.length === 1) return settleAll(rows, toRejection(error, table));
    const middle = rows.length >> 1;
    const left = await insertIsolating(client, table, rows.slice(0, middle), deadline);
    return [...left, ...(await insertIsolating(client, table, rows.slice(middle), deadline))];
  }
}

/** Gives all rows one outcome. */
export function settleAll(rows: readonly MaskedRow[], outcome: Outcome): SettledRow[] {
  return rows.map((row) => ({ row, outcome }));
}

/** Inserts rows and settles each. If a trigger or a rule left a row out, it is rejected: otherwise it would be lost. */
async function insertSettled(client: pg.Client, table: Table, rows: readonly MaskedRow[]): Promise<SettledRow[]> {
  const [stored, others] = await insertRows(client, table, rows);
  const [found, leftOut] = others.length > 0 ? await findRows(client, table, others) : [[], []];
  return [...settleAll(stored, STORED), ...settleAll(found, DUPLICATE), ...settleAll(leftOut, reject("refused_by_database"))];
}

/** Names the column only if the pipeline has it: a trigger can RAISE with any text as the column's name. */
function toRejection(error: pg.DatabaseError, table: Table): Outcome {
  const column = table.columns.find((name) => name === error.column);
  return reject("refused_by_database", column, error.code);
}
