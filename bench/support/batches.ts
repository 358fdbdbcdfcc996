import type { SQSEvent, SQSRecord } from "aws-lambda";
import { toLineId } from "../../local/load/line-ids.ts";
import { addChecksums, type Checksum, checksumRows } from "./checksum.ts";
import { loginBody, loginRecord } from "./logins.ts";
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

/** @param size messages per batch @param name of a file: their ids are those of its lines from line 2 on. @default random ids */
export function makeBatches(count: number, size: number, name?: string): Batch[] {
  const toRecord = (i: number) => loginRecord(loginBody(), name && toLineId(name, i + 2));
  return Array.from({ length: count }, (_, batch) => toBatch(Array.from({ length: size }, (_, i) => toRecord(batch * size + i))));
}

/** The checksum of a table after these batches. */
export function addBatches(before: Checksum, batches: readonly Batch[]): Checksum {
  return batches.reduce((sum, { checksum }) => addChecksums(sum, checksum), before);
}
