import { hash } from "node:crypto";
import type pg from "pg";
import { COLUMNS, type Row } from "./rows.ts";

/** A table does not hold the rows that it should: nothing that was measured on it counts. */
export class WrongRows extends Error {
  override readonly name = "WrongRows";
}

/** The number of rows, and a sum over all their cells that does not depend on their order. */
export interface Checksum {
  readonly rows: number;
  readonly sum: bigint;
}

export const EMPTY: Checksum = { rows: 0, sum: 0n };

/** Stands for NULL; no made-up value looks like it. */
const NULL = "\\N";
const SEPARATOR = "\u001f";
/** Hex digits of a row's MD5 that are summed up: as many as fit Postgres's bigint. */
const DIGITS = 15;

export function checksumRows(rows: readonly Row[]): Checksum {
  const toNumber = (row: Row) => BigInt(`0x${hash("md5", row.map((cell) => cell ?? NULL).join(SEPARATOR)).slice(0, DIGITS)}`);
  return { rows: rows.length, sum: rows.reduce((sum, row) => sum + toNumber(row), 0n) };
}

export function addChecksums(a: Checksum, b: Checksum): Checksum {
  return { rows: a.rows + b.rows, sum: a.sum + b.sum };
}

/** The checksum of what a table holds: every cell of every row. */
export async function readChecksum(client: pg.Client, table: string): Promise<Checksum> {
  const cells = COLUMNS.map((column) => `${column}::text`).join(", ");
  const { rows } = await client.query<{ rows: string; sum: string }>(
    `SELECT count(*) AS rows, coalesce(sum(('x' || left(md5(array_to_string(ARRAY[${cells}], $1, $2)), ${DIGITS}))::bit(${DIGITS * 4})::bigint), 0) AS sum
     FROM ${table}`,
    [SEPARATOR, NULL],
  );
  const [found] = rows;
  return { rows: Number(found?.rows), sum: BigInt(found?.sum ?? -1) };
}

/** Compares a table, cell by cell, with what it should hold. @throws WrongRows */
export async function checkTable(client: pg.Client, table: string, expected: Checksum): Promise<void> {
  compareChecksums(`Table ${table}`, await readChecksum(client, table), expected);
}

/** @param what holds the rows found @throws WrongRows if they are not the expected ones */
export function compareChecksums(what: string, found: Checksum, expected: Checksum): void {
  if (found.rows === expected.rows && found.sum === expected.sum) return;
  throw new WrongRows(`${what} should hold ${expected.rows} rows with the sum ${expected.sum}, and holds ${found.rows} with ${found.sum}.`);
}
