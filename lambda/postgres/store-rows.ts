import pg from "pg";
import type { Deadline } from "../deadline.ts";
import type { MaskedRow } from "../rows/masked-row.ts";
import { type SettledRow, STORED } from "../rows/outcome.ts";
import { copyRows } from "./copy.ts";
import type { Database } from "./database.ts";
import { findRows } from "./insert.ts";
import { insertIsolating, settleAll } from "./isolate.ts";
import { LazyRows } from "./lazy-rows.ts";
import { assignBlame } from "./sqlstate.ts";
import { formatKey, type Table } from "./table.ts";

/**
 * Stores rows, each once.
 *
 * COPY comes first and sends rows while later ones are still to be masked. If a row is already there or is refused, INSERT finds out
 * which. Both commit before they answer, so `stored` is safe to report.
 *
 * @param usesCopy false if COPY would probably fail: INSERT then comes first
 * @throws IngestError if the failure concerns more than a row; nothing may then be reported as done
 */
export async function storeRows(
  database: Database,
  table: Table,
  drawn: Iterable<MaskedRow>,
  usesCopy: boolean,
  deadline: Deadline,
): Promise<SettledRow[]> {
  const rows = new LazyRows(drawn);
  if (rows.slice(0, 1).length === 0) return [];
  const limits = { deadline, soft: deadline.part(ISOLATION_SHARE) };
  return database.run(async (client, failure) => {
    if (usesCopy && !failure) return copy(client, table, rows, limits, (error) => storeAround(client, table, rows.all(), error, limits));
    // The outcome of a failed attempt is unknown: its COPY may have been committed without an answer.
    const settled = await insertIsolating(client, table, rows.all(), limits.soft);
    // The failure used up the time of every row; a response that only asks for a redelivery would hide it.
    if (failure && settled.every(({ outcome }) => outcome.kind === "unsettled")) throw failure;
    return settled;
  }, deadline);
}

interface Limits {
  readonly deadline: Deadline;
  /** The search for refused rows ends here. */
  readonly soft: Deadline;
}

/** The share of the remaining time after which the search for refused rows ends, so that its results can still be reported. */
const ISOLATION_SHARE = 0.6;

/** @param onRefusal settles the rows after Postgres refused one of them and so stored none */
async function copy(
  client: pg.Client,
  table: Table,
  rows: LazyRows,
  { deadline, soft }: Limits,
  onRefusal: (error: pg.DatabaseError) => Promise<SettledRow[]>,
): Promise<SettledRow[]> {
  try {
    const stored = await copyRows(client, table, rows, deadline);
    const all = rows.all();
    return stored === all.length ? settleAll(all, STORED) : await storeMissing(client, table, all, soft);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || assignBlame(error) !== "row") throw error;
    return onRefusal(error);
  }
}

/** Settles the rows if COPY stored only some: a trigger left out the others or moved them elsewhere. Only missing rows are tried again. */
async function storeMissing(client: pg.Client, table: Table, rows: readonly MaskedRow[], deadline: Deadline): Promise<SettledRow[]> {
  const [found, missing] = await findRows(client, table, rows);
  return [...settleAll(found, STORED), ...(await insertIsolating(client, table, missing, deadline))];
}

/**
 * Settles the rows of a refused COPY, which stored none. The row that its error names is only a hint: a value can forge it, and the error
 * of a deferred constraint names none. The rows around it are probably good and are copied once more.
 */
async function storeAround(
  client: pg.Client,
  table: Table,
  rows: readonly MaskedRow[],
  error: pg.DatabaseError,
  limits: Limits,
): Promise<SettledRow[]> {
  const isolate = (part: readonly MaskedRow[]) => insertIsolating(client, table, part, limits.soft);
  const line = parseLine(error);
  if (isDuplicate(error, table) || line === null || line < 1 || line > rows.length) return isolate(rows);
  const copyAgain = (part: readonly MaskedRow[]) =>
    part.length === 0 || limits.soft.passed ? isolate(part) : copy(client, table, new LazyRows(part), limits, () => isolate(part));
  const before = await copyAgain(rows.slice(0, line - 1));
  const suspect = await isolate(rows.slice(line - 1, line));
  return [...before, ...suspect, ...(await copyAgain(rows.slice(line)))];
}

/** Whether the violated constraint is the key of our rows. Its name may vary, but Postgres lists its columns in the detail. */
function isDuplicate(error: pg.DatabaseError, table: Table): boolean {
  return error.code === "23505" && (error.detail?.startsWith(`Key (${formatKey(table)})=`) ?? false);
}

/** Reads the last line number in the error's context. Lines count the rows as they were sent. */
function parseLine(error: pg.DatabaseError): number | null {
  const last = [...(error.where ?? "").matchAll(/\bCOPY \S+, line (\d+)/g)].at(-1)?.[1];
  return last ? Number(last) : null;
}
