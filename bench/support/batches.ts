import type { SQSEvent, SQSRecord } from "aws-lambda";
import type { MaskedRow } from "../../lambda/ingest/mask.ts";
import { encodeRow } from "../../lambda/postgres/copy.ts";
import { type Checksum, plus, tallyOf } from "./expected.ts";
import { loginRecord } from "./logins.ts";
import { maskInKeyOrder } from "./path.ts";

/** Messages as the function gets them, with what they must come to. */
export interface Batch {
  readonly event: SQSEvent;
  /** Masked, in key order. */
  readonly rows: readonly MaskedRow[];
  /** The rows in COPY's text format. */
  readonly copyData: Buffer;
  readonly tally: Checksum;
}

export function batchOf(Records: SQSRecord[]): Batch {
  const event = { Records };
  const rows = [...maskInKeyOrder(event)];
  const copyData = Buffer.from(rows.map((row) => encodeRow(row.cells())).join(""), "utf8");
  return { event, rows, copyData, tally: tallyOf(rows) };
}

export function newRecords(size: number): SQSRecord[] {
  return Array.from({ length: size }, () => loginRecord());
}

/** @param count how many batches @param size messages in each */
export function newBatches(count: number, size: number): Batch[] {
  return Array.from({ length: count }, () => batchOf(newRecords(size)));
}

/** What a table holds after these batches. */
export function plusAll(before: Checksum, batches: readonly Batch[]): Checksum {
  return batches.reduce((sum, { tally }) => plus(sum, tally), before);
}
