import { hash } from "node:crypto";
import type pg from "pg";
import type { MaskedRow } from "../../lambda/ingest/mask.ts";
import { quoteIdent, type Table } from "../../lambda/postgres/table.ts";

/** A table does not hold the rows that it should: whatever was measured on it counts for nothing. */
export class WrongRows extends Error {
  override readonly name = "WrongRows";
}

/** The number of some rows, and a sum over all their cells that does not depend on their order. */
export interface Checksum {
  readonly rows: number;
  readonly sum: bigint;
}

export const NOTHING: Checksum = { rows: 0, sum: 0n };

/** Stands for NULL; no made-up value looks like it. */
const NULL = "\\N";
const SEPARATOR = "\u001f";
/** Hex digits of a row's MD5 that are summed up: as many as fit a bigint. */
const DIGITS = 15;

export function tallyOf(rows: Iterable<MaskedRow>): Checksum {
  let [count, sum] = [0, 0n];
  for (const row of rows) {
    const text = row
      .cells()
      .map((cell) => cell ?? NULL)
      .join(SEPARATOR);
    sum += BigInt(`0x${hash("md5", text).slice(0, DIGITS)}`);
    count++;
  }
  return { rows: count, sum };
}

export function plus(a: Checksum, b: Checksum): Checksum {
  return { rows: a.rows + b.rows, sum: a.sum + b.sum };
}

/** What a table holds: every cell of every row counts. */
export async function tallyIn(client: pg.Client, table: Table): Promise<Checksum> {
  const cells = table.columns.map((column) => `${quoteIdent(column)}::text`).join(", ");
  const { rows } = await client.query<{ rows: string; sum: string }>(
    `SELECT count(*) AS rows, coalesce(sum(('x' || left(md5(array_to_string(ARRAY[${cells}], $1, $2)), ${DIGITS}))::bit(${DIGITS * 4})::bigint), 0) AS sum
     FROM ${quoteIdent(table.name)}`,
    [SEPARATOR, NULL],
  );
  const [found] = rows;
  return { rows: Number(found?.rows), sum: BigInt(found?.sum ?? -1) };
}

/** Holds a table against what should be in it. @throws WrongRows */
export async function checkRows(client: pg.Client, table: Table, expected: Checksum): Promise<void> {
  const found = await tallyIn(client, table);
  if (found.rows !== expected.rows || found.sum !== expected.sum) {
    throw new WrongRows(
      `Table ${table.name} should hold ${expected.rows} rows with the sum ${expected.sum}, and holds ${found.rows} with ${found.sum}.`,
    );
  }
}
