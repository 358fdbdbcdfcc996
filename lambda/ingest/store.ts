import pg from "pg";
import { Deadline } from "../deadline.ts";
import { IngestError } from "../errors.ts";
import { copyRows, type RowSource, readyRows } from "../postgres/copy.ts";
import type { Database } from "../postgres/database.ts";
import { findRows } from "../postgres/insert.ts";
import { insertIsolating, type Verdict } from "../postgres/isolate.ts";
import { blameFor } from "../postgres/sqlstate.ts";
import { keyOf, type Table } from "../postgres/table.ts";
import type { MaskedRow } from "./mask.ts";
import type { BatchRows } from "./rows.ts";

/**
 * Stores rows, each once, and says for each what became of it.
 *
 * COPY comes first and takes rows while later ones are still being masked. Where it meets a row that is there already or is
 * refused, INSERT finds out which; where that is likely from the start, COPY is left out: a failed one leaves
 * dead rows and a line in the server's log. Both commit before they answer, so a verdict of `stored` is safe to report.
 *
 * @param byCopy COPY is tried first
 * @throws IngestError where the failure concerns more than a row; nothing may then be reported as done
 */
export async function store(database: Database, table: Table, rows: BatchRows, byCopy: boolean, deadline: Deadline): Promise<Verdict[]> {
  if (rows.slice(0, 1).length === 0) return [];
  const limits = { deadline, soft: new Deadline(deadline.remaining * ISOLATION_SHARE) };
  const verdicts = await database.run(async (client, failure) => {
    // After a failed attempt its outcome is unknown: a COPY may have been committed although its answer never came.
    if (!byCopy || failure) {
      const settled = await insertIsolating(client, table, rows.all(), limits.soft);
      // It took the time of every row; an answer that merely asks for a redelivery would hide it.
      if (failure && settled.every(({ kind }) => kind === "unsettled")) throw failure;
      return settled;
    }
    return copy(client, table, rows, limits, (error) => afterRefusal(client, table, rows.all(), error, limits));
  }, deadline);
  if (verdicts.length !== rows.all().length) {
    throw new IngestError(
      "rows_unaccounted",
      `${rows.all().length} rows came to ${verdicts.length} verdicts; nothing is reported as done.`,
    );
  }
  return verdicts;
}

const STORED: Verdict = { kind: "stored" };

interface Limits {
  readonly deadline: Deadline;
  /** Looking for bad rows ends here. */
  readonly soft: Deadline;
}

/** Looking for bad rows one by one ends with this share of the time left, so that what was found can still be told. */
const ISOLATION_SHARE = 0.6;

/**
 * Copies the rows.
 * @param refused gives the verdicts where Postgres refused a row, and with it stored none
 */
async function copy(
  client: pg.Client,
  table: Table,
  rows: RowSource,
  { deadline, soft }: Limits,
  refused: (error: pg.DatabaseError) => Promise<Verdict[]>,
): Promise<Verdict[]> {
  try {
    const stored = await copyRows(client, table, rows, deadline);
    const all = rows.all();
    return stored === all.length ? all.map(() => STORED) : await afterTrigger(client, table, all, soft);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || blameFor(error) !== "row") throw error;
    return refused(error);
  }
}

/** COPY stored fewer rows than it was given: a trigger left some out, or put them elsewhere. Only those that are not there are tried again. */
async function afterTrigger(client: pg.Client, table: Table, rows: readonly MaskedRow[], deadline: Deadline): Promise<Verdict[]> {
  const there = await findRows(client, table, rows);
  const missing = rows.filter((_, i) => !there[i]);
  const verdicts = (await insertIsolating(client, table, missing, deadline)).values();
  return there.map((isThere) => (isThere ? STORED : (verdicts.next().value as Verdict)));
}

/**
 * COPY stored nothing; its error tells where to look, and is only a hint: a value can forge it, a deferred fault has none. The rows
 * around the one that it names are probably good, and copied once more.
 */
async function afterRefusal(
  client: pg.Client,
  table: Table,
  rows: readonly MaskedRow[],
  error: pg.DatabaseError,
  limits: Limits,
): Promise<Verdict[]> {
  const isolate = (part: readonly MaskedRow[]) => insertIsolating(client, table, part, limits.soft);
  const line = lineOf(error);
  const isDuplicate = error.code === "23505" && isKey(error, table);
  if (isDuplicate || line === null || line < 1 || line > rows.length) return isolate(rows);
  const copyAgain = (part: readonly MaskedRow[]) =>
    part.length === 0 || limits.soft.passed ? isolate(part) : copy(client, table, readyRows(part), limits, () => isolate(part));
  const before = await copyAgain(rows.slice(0, line - 1));
  const suspect = await isolate(rows.slice(line - 1, line));
  return [...before, ...suspect, ...(await copyAgain(rows.slice(line)))];
}

/** Whether the violated constraint is the table's own key, whatever it is called: Postgres names the columns in the detail. */
function isKey(error: pg.DatabaseError, table: Table): boolean {
  return error.detail?.startsWith(`Key (${keyOf(table)})=`) ?? false;
}

/** The last line that the context names; it counts the rows as they were sent. */
function lineOf(error: pg.DatabaseError): number | null {
  const last = [...(error.where ?? "").matchAll(/\bCOPY \S+, line (\d+)/g)].at(-1)?.[1];
  return last ? Number(last) : null;
}
