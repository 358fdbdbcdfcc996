import pg from "pg";
import type { Deadline } from "../deadline.ts";
import type { MaskedRow } from "../ingest/mask.ts";
import { findRows, insertRows } from "./insert.ts";
import { blameFor } from "./sqlstate.ts";
import type { Table } from "./table.ts";

/** What became of one row. `unsettled`: time ran out before it was tried; it is delivered again. */
export type Verdict =
  | { readonly kind: "stored" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "refused"; readonly sqlstate?: string | undefined; readonly column?: string | undefined }
  | { readonly kind: "unsettled" };

/**
 * Writes rows of which some may be refused: what fails is halved until a row fails alone, about 2·log2(n) statements for one bad
 * row. Only a row that is refused alone is given up.
 * @throws what concerns more than a row: no permission, a lost connection
 */
export async function insertIsolating(client: pg.Client, table: Table, rows: readonly MaskedRow[], deadline: Deadline): Promise<Verdict[]> {
  if (rows.length === 0) return [];
  if (deadline.passed) return rows.map(() => ({ kind: "unsettled" }));
  try {
    return await insertSettled(client, table, rows);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || blameFor(error) !== "row") throw error;
    return rows.length === 1 ? [refusal(error, table)] : splitAt(client, table, rows, rows.length >> 1, deadline);
  }
}

async function splitAt(
  client: pg.Client,
  table: Table,
  rows: readonly MaskedRow[],
  middle: number,
  deadline: Deadline,
): Promise<Verdict[]> {
  const left = await insertIsolating(client, table, rows.slice(0, middle), deadline);
  return [...left, ...(await insertIsolating(client, table, rows.slice(middle), deadline))];
}

/** A row that was neither stored nor is there was left out by a trigger or a rule: refused, or it would be lost. */
async function insertSettled(client: pg.Client, table: Table, rows: readonly MaskedRow[]): Promise<Verdict[]> {
  const stored = await insertRows(client, table, rows);
  const rest = rows.filter((_, i) => !stored[i]);
  const there = rest.length === 0 ? [] : await findRows(client, table, rest);
  let next = 0;
  return stored.map((isStored) => ({ kind: isStored ? "stored" : there[next++] ? "duplicate" : "refused" }));
}

/** The column is said only where it is one of ours: a trigger can RAISE with any text as the column's name. */
function refusal(error: pg.DatabaseError, table: Table): Verdict {
  const column = table.columns.find((name) => name === error.column);
  return { kind: "refused", sqlstate: error.code, column };
}
