import pg from "pg";
import type { Deadline } from "../deadline.ts";
import type { MaskedRow } from "../rows/masked-row.ts";
import { DUPLICATE, type Outcome, reject, type SettledRow, STORED, UNSETTLED } from "../rows/outcome.ts";
import { findRows, insertRows, type Partition } from "./insert.ts";
import { insertAccepted, type Refusal } from "./insert-accepted.ts";
import { assignBlame, lacksPartition } from "./sqlstate.ts";
import type { Table } from "./table.ts";

/**
 * Inserts rows of which Postgres may refuse some. Only a row that is refused alone is rejected; a row for which no time was left is
 * unsettled.
 * @throws any error that concerns more than a row: no permission, a lost connection
 */
export async function insertIsolating(
  client: pg.Client,
  table: Table,
  rows: readonly MaskedRow[],
  deadline: Deadline,
): Promise<SettledRow[]> {
  if (deadline.passed) return settleAll(rows, UNSETTLED);
  return settleInsert(client, table, rows, insertRows(client, table, rows), deadline);
}

/** Settles rows whose INSERT is sent; otherwise like {@link insertIsolating}. @param inserted its answer */
export async function settleInsert(
  client: pg.Client,
  table: Table,
  rows: readonly MaskedRow[],
  inserted: Promise<Partition>,
  deadline: Deadline,
): Promise<SettledRow[]> {
  try {
    const [stored, others] = await inserted;
    return [...settleAll(stored, STORED), ...(await settleOthers(client, table, others))];
  } catch (error) {
    if (!isRowFault(error)) throw error;
    return rows.length === 1 ? settleAll(rows, toRejection(error, table)) : isolateRows(client, table, rows, deadline);
  }
}

/** Inserts rows of which Postgres has refused some; otherwise like {@link insertIsolating}. */
export async function isolateRows(client: pg.Client, table: Table, rows: readonly MaskedRow[], deadline: Deadline): Promise<SettledRow[]> {
  if (deadline.passed) return settleAll(rows, UNSETTLED);
  const { tried, unstored } = await insertAccepted(client, table, rows, deadline);
  const refusals = new Map(unstored.map(({ position, ...refusal }) => [position, refusal]));
  const settled: SettledRow[] = [];
  const others: MaskedRow[] = [];
  for (const [i, row] of rows.entries()) {
    const refusal = refusals.get(i);
    if (refusal?.code) settled.push({ row, outcome: toRejection(refusal, table) });
    else if (refusal) others.push(row);
    else settled.push({ row, outcome: i < tried ? STORED : UNSETTLED });
  }
  return [...settled, ...(await settleOthers(client, table, others))];
}

/** Gives all rows one outcome. */
export function settleAll(rows: readonly MaskedRow[], outcome: Outcome): SettledRow[] {
  return rows.map((row) => ({ row, outcome }));
}

export function isRowFault(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && assignBlame(error) === "row";
}

/** Settles rows that an INSERT did not store. If a trigger or a rule left a row out, it is rejected: otherwise it would be lost. */
async function settleOthers(client: pg.Client, table: Table, others: readonly MaskedRow[]): Promise<SettledRow[]> {
  const [found, leftOut] = await findRows(client, table, others);
  return [...settleAll(found, DUPLICATE), ...settleAll(leftOut, reject("refused_by_database"))];
}

/** Names the column only if the pipeline has it: a trigger can RAISE with any text as the column's name. */
function toRejection(refusal: Refusal, table: Table): Outcome {
  if (lacksPartition(refusal)) return reject("no_partition", table.dateColumn, refusal.code);
  const column = table.columns.find((name) => name === refusal.column);
  return reject("refused_by_database", column, refusal.code);
}
