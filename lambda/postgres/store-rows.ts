import type pg from "pg";
import type { Deadline } from "../deadline.ts";
import * as errors from "../errors.ts";
import type { MaskedRow } from "../rows/masked-row.ts";
import { type SettledRow, STORED } from "../rows/outcome.ts";
import type { RowBatch } from "../rows/row-store.ts";
import { copyRows } from "./copy.ts";
import type { Database } from "./database.ts";
import { findRows, insertRows } from "./insert.ts";
import { insertIsolating, isolateRows, isRowFault, settleAll, settleInsert } from "./isolate.ts";
import { LazyRows } from "./lazy-rows.ts";
import { NO_PARTITION } from "./sqlstate.ts";
import { formatKey, type Table } from "./table.ts";

/**
 * Stores rows, each once.
 *
 * COPY takes the fresh rows and sends them while later ones are still to be masked; INSERT takes the repeated ones. If COPY is refused,
 * INSERT finds out which rows are bad. All of them commit before they answer, so `stored` is safe to report.
 *
 * @param usesCopy false if every row is to be inserted
 * @throws IngestError if the failure concerns more than a row; nothing may then be reported as done
 */
export async function storeRows(
  database: Database,
  table: Table,
  { fresh, repeated }: RowBatch,
  usesCopy: boolean,
  deadline: Deadline,
): Promise<SettledRow[]> {
  const rows = new LazyRows(fresh);
  const others = [...repeated];
  if (rows.endsBefore(0) && others.length === 0) return [];
  const limits = { deadline, soft: deadline.part(ISOLATION_SHARE) };
  const store = async (client: pg.Client, mayCopy: boolean) => {
    if (mayCopy && !rows.endsBefore(0)) return copy(client, table, rows, others, limits);
    const settled = await insertIsolating(client, table, others, limits.soft);
    return [...settled, ...(await insertIsolating(client, table, rows.all(), limits.soft))];
  };
  return database.run(async (client, failure) => {
    // The outcome of a failed attempt is unknown: its COPY may have been committed without an answer.
    const settled = await store(client, usesCopy && !failure);
    // The failure used up the time of every row; a response that only asks for a redelivery would hide it.
    if (failure && settled.every(({ outcome }) => outcome.kind === "unsettled")) throw failure;
    // A date without a partition is the row's fault if other rows can be stored. If none can, the partitions are missing.
    const isStored = settled.some(({ outcome }) => outcome.kind === "stored" || outcome.kind === "duplicate");
    const isMissing = settled.some(({ outcome }) => outcome.kind === "rejected" && outcome.code === "no_partition");
    if (isMissing && !isStored) throw errors.databaseRefused(NO_PARTITION);
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

/**
 * Copies rows, and inserts others in the same round trip.
 * @param others rows on which COPY would probably fail
 */
async function copy(client: pg.Client, table: Table, rows: LazyRows, others: readonly MaskedRow[], limits: Limits): Promise<SettledRow[]> {
  const inserted = insertRows(client, table, others);
  const copied = tryCopy(client, table, rows, limits.deadline);
  await Promise.allSettled([inserted, copied]);
  const answer = await copied;
  const settled = await settleInsert(client, table, others, inserted, limits.soft);
  const all = rows.all();
  const settle =
    typeof answer === "number" ? settleCopied(client, table, all, answer, limits.soft) : settleRefused(client, table, all, answer, limits);
  return [...settled, ...(await settle)];
}

/** @returns the number of stored rows, or the error if Postgres refused one of them and so stored none */
async function tryCopy(client: pg.Client, table: Table, rows: LazyRows, deadline: Deadline): Promise<number | pg.DatabaseError> {
  try {
    return await copyRows(client, table, rows, deadline);
  } catch (error) {
    if (isRowFault(error)) return error;
    throw error;
  }
}

/**
 * Settles the rows of a refused COPY. The row that its error names is only a hint: a value can forge it, and the error of a deferred
 * constraint names none. The others are probably good and are copied again.
 */
async function settleRefused(
  client: pg.Client,
  table: Table,
  rows: readonly MaskedRow[],
  error: pg.DatabaseError,
  { deadline, soft }: Limits,
): Promise<SettledRow[]> {
  const line = parseLine(error);
  const suspect = rows.slice(line - 1, line);
  let answer: number | pg.DatabaseError = error;
  if (suspect.length === 1 && rows.length > 1 && !soft.passed) {
    const rest = rows.toSpliced(line - 1, 1);
    answer = await tryCopy(client, table, new LazyRows(rest), deadline);
    if (typeof answer === "number")
      return [...(await settleCopied(client, table, rest, answer, soft)), ...(await insertIsolating(client, table, suspect, soft))];
  }
  return isDuplicate(answer, table) ? insertIsolating(client, table, rows, soft) : isolateRows(client, table, rows, soft);
}

/** Settles the rows of a COPY. If it stored only some, a trigger left out the others or moved them elsewhere; only missing ones are tried again. */
async function settleCopied(
  client: pg.Client,
  table: Table,
  rows: readonly MaskedRow[],
  stored: number,
  deadline: Deadline,
): Promise<SettledRow[]> {
  if (stored === rows.length) return settleAll(rows, STORED);
  const [found, missing] = await findRows(client, table, rows);
  return [...settleAll(found, STORED), ...(await insertIsolating(client, table, missing, deadline))];
}

/** Whether the violated constraint is the key of our rows. Its name may vary, but Postgres lists its columns in the detail. */
function isDuplicate(error: pg.DatabaseError, table: Table): boolean {
  return error.code === "23505" && (error.detail?.startsWith(`Key (${formatKey(table)})=`) ?? false);
}

/** Reads the last line number in the error's context; 0 if there is none. Lines count the rows as they were sent, from 1. */
function parseLine(error: pg.DatabaseError): number {
  return Number([...(error.where ?? "").matchAll(/\bCOPY \S+, line (\d+)/g)].at(-1)?.[1] ?? 0);
}
