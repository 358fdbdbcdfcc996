import { reveal } from "../masking/sensitive.ts";
import type { Message } from "./message.ts";

const PLAIN_IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const MOST_NAMES = 20;

/** Fields that the pipeline does not declare: how many, and the names that are safe to say. */
export interface Drift {
  readonly count: number;
  readonly names: readonly string[];
}

/**
 * Counts undeclared fields, so that a changed sender is seen. A name can be a value too (`{"alice@example.org": 1}`), so it is
 * said only when it is a plain identifier and stands in several messages of the batch.
 */
export function driftOf(messages: readonly Message[]): Drift {
  const seen = new Map<string, number>();
  let count = 0;
  for (const message of messages) {
    const names = reveal(message.unknownFields);
    count += names.length;
    for (const name of names) if (PLAIN_IDENTIFIER.test(name)) seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  const names = [...seen].filter(([, times]) => times > 1).map(([name]) => name);
  return { count, names: names.sort().slice(0, MOST_NAMES) };
}
