import type { SQSRecord } from "aws-lambda";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { Message } from "./message.ts";
import { readId } from "./row-key.ts";

/**
 * The positions of records in the order of their rows, as far as it is known before a body is read: records with the same id form a
 * group, and only their dates decide the order within it. Every batch writes in this order (by id, then date), because two writers of the same
 * rows in opposite order would deadlock.
 */
export function* groupById(records: readonly SQSRecord[], pipeline: Pipeline): Generator<readonly number[]> {
  const ordered = records.map((record, position) => ({ id: sortId(record, pipeline), position })).sort((a, b) => compare(a.id, b.id));
  for (let start = 0; start < ordered.length; ) {
    const { id } = ordered[start] as { id: string };
    let end = start + 1;
    while (ordered[end]?.id === id) end++;
    yield ordered.slice(start, end).map(({ position }) => position);
    start = end;
  }
}

/** A record with a bad id is rejected when it is parsed; its place in the order does not matter. */
function sortId(record: SQSRecord, pipeline: Pipeline): string {
  const id = readId(record, pipeline);
  return typeof id === "string" ? id : record.messageId;
}

/** A message, and the positions of the records that have its key. */
export interface KeyedMessage {
  readonly message: Message;
  readonly positions: readonly number[];
}

/** Orders messages of one id by their dates; those of one date are one row, made of the first of them. */
export function mergeByDate(messages: readonly KeyedMessage[]): readonly KeyedMessage[] {
  if (messages.length < 2) return messages;
  const merged = new Map<string, KeyedMessage>();
  for (const { message, positions } of messages) {
    const { date } = message.key;
    const first = merged.get(date);
    merged.set(date, first ? { message: first.message, positions: [...first.positions, ...positions] } : { message, positions });
  }
  return [...merged.values()].sort((a, b) => compare(a.message.key.date, b.message.key.date));
}

function compare(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
