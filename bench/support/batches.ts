import type { SQSEvent, SQSRecord } from "aws-lambda";
import { addChecksums, type Checksum, checksumRows } from "./checksum.ts";
import { loginRecord } from "./logins.ts";
import { toCopyLine, toRows } from "./rows.ts";

/** Messages as the function gets them, and what becomes of them. */
export interface Batch {
  readonly event: SQSEvent;
  /** Their rows in COPY's text format, in the order of the table's key. */
  readonly copyData: Buffer;
  readonly checksum: Checksum;
}

export function toBatch(Records: SQSRecord[]): Batch {
  const event = { Records };
  const rows = [...toRows(event)];
  return { event, copyData: Buffer.from(rows.map(toCopyLine).join("")), checksum: checksumRows(rows) };
}

export function makeRecords(size: number): SQSRecord[] {
  return Array.from({ length: size }, () => loginRecord());
}

/** @param size messages per batch */
export function makeBatches(count: number, size: number): Batch[] {
  return Array.from({ length: count }, () => toBatch(makeRecords(size)));
}

/** The checksum of a table after these batches. */
export function addBatches(before: Checksum, batches: readonly Batch[]): Checksum {
  return batches.reduce((sum, { checksum }) => addChecksums(sum, checksum), before);
}
