/** A value as Postgres prints it; a list stands for any of its values. */
export type Cell = string | null | readonly (string | null)[];

/** What the messages that were sent must leave behind. */
export interface Expected {
  /** The rows, each by `table message_id`. */
  readonly rows: ReadonlyMap<string, Readonly<Record<string, Cell>>>;
  /** The reason of each invalid message, by the id that SQS gave it. */
  readonly rejected: ReadonlyMap<string, string>;
}

/** What they left. */
export interface Found {
  readonly rows: readonly { readonly place: string; readonly cells: Readonly<Record<string, string | null>> }[];
  /** The reasons in `rejections`. */
  readonly reasons: readonly { readonly messageId: string; readonly reason: string }[];
  /** The message ids in the dead-letter queue. */
  readonly deadLetters: readonly string[];
  readonly inQueue: number;
  /** Connections that outlive the functions. */
  readonly connections: number;
  /** Values and tokens of messages in any output, as `door: what`. */
  readonly traces: readonly string[];
}

/** Lists the differences, each as a sentence without a value of a message. Pure. */
export function compare(expected: Expected, found: Found): string[] {
  return [...compareRows(expected.rows, found.rows), ...compareRejected(expected.rejected, found), ...compareRest(found)];
}

function* compareRows(expected: Expected["rows"], rows: Found["rows"]): Generator<string> {
  const missing = new Set(expected.keys());
  for (const { place, cells } of rows) {
    const wanted = expected.get(place);
    if (!wanted) yield `${place}: no message has this row`;
    else if (!missing.delete(place)) yield `${place}: stored twice`;
    for (const [column, cell] of Object.entries(wanted ?? {})) {
      if (![cell].flat().includes(cells[column] ?? null)) yield `${place}: ${column} is wrong`;
    }
  }
  for (const place of missing) yield `${place}: missing`;
}

function* compareRejected(expected: Expected["rejected"], { reasons, deadLetters }: Found): Generator<string> {
  const [unexplained, undelivered] = [new Set(expected.keys()), new Set(expected.keys())];
  for (const { messageId, reason } of reasons) {
    unexplained.delete(messageId);
    const wanted = expected.get(messageId);
    if (reason !== wanted) yield `message ${messageId}: rejected as ${reason}, expected ${wanted ?? "a row"}`;
  }
  for (const id of unexplained) yield `message ${id}: no row in rejections`;
  for (const id of deadLetters) {
    if (!expected.has(id)) yield `message ${id}: valid, but in the dead-letter queue`;
    else if (!undelivered.delete(id)) yield `message ${id}: twice in the dead-letter queue`;
  }
  for (const id of undelivered) yield `message ${id}: not in the dead-letter queue`;
}

function* compareRest({ inQueue, connections, traces }: Found): Generator<string> {
  if (inQueue > 0) yield `the queue holds ${inQueue} messages`;
  if (connections > 0) yield `${connections} connections are left`;
  yield* traces;
}
