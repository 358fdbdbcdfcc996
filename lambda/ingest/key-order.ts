import type { SQSRecord } from "aws-lambda";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { Message } from "./parse.ts";
import { readId } from "./row-key.ts";

/**
 * Groups the positions of records by id, in the order of their rows. The order within a group depends on the dates, which are known only
 * when the bodies are read. Every batch writes in this order (by id, then date), because two writers of the same rows in opposite order
 * would deadlock.
 */
export function* groupById(records: readonly SQSRecord[], pipeline: Pipeline): Generator<readonly number[]> {
  const ordered = records.map((record, position) => ({ id: chooseSortId(record, pipeline), position })).sort((a, b) => compare(a.id, b.id));
  for (let start = 0; start < ordered.length; ) {
    const { id } = ordered[start] as { id: string };
    let end = start + 1;
    while (ordered[end]?.id === id) end++;
    yield ordered.slice(start, end).map(({ position }) => position);
    start = end;
  }
}

/** A record with a bad id is rejected when it is parsed, so its place in the order does not matter. */
function chooseSortId(record: SQSRecord, pipeline: Pipeline): string {
  const id = readId(record, pipeline);
  return typeof id === "string" ? id : "";
}

/** A message, and the positions of the records that have its key. */
export interface KeyedMessage {
  readonly message: Message;
  readonly positions: readonly number[];
}

/** Orders the messages of one id by date. Messages of one date share a row, made from the first of them. */
export function mergeByDate(messages: readonly KeyedMessage[]): readonly KeyedMessage[] {
  if (messages.length < 2) return messages;
  const byDate = Map.groupBy(messages, ({ message }) => message.key.date);
  return [...byDate.values()]
    .map((same) => ({ message: (same[0] as KeyedMessage).message, positions: same.flatMap(({ positions }) => positions) }))
    .sort((a, b) => compare(a.message.key.date, b.message.key.date));
}

function compare(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
