import { reveal } from "../masking/sensitive.ts";
import type { Message } from "./parse.ts";

/** A path of plain identifiers: `customer.phone`. */
export const PLAIN_PATH = /^[A-Za-z_]\w{0,63}(\.[A-Za-z_]\w{0,63}){0,7}$/;
const MAX_NAMES = 20;

/** Fields that the pipeline does not declare: their number, and the names that are safe to report. */
export interface UnknownFields {
  readonly count: number;
  readonly names: readonly string[];
  /** The number of messages that have each of the names. */
  readonly messages: readonly number[];
}

/**
 * Counts undeclared fields, so that a changed sender is noticed. The fields are never stored. A name can be a value too
 * (`{"alice@example.org": 1}`), so a name is reported only if it is a plain identifier and occurs in several messages of the batch.
 */
export class UnknownFieldCounter {
  #count = 0;
  readonly #messages = new Map<string, number>();

  add(message: Message): void {
    const names = reveal(message.unknownFields);
    this.#count += names.length;
    for (const name of names) if (PLAIN_PATH.test(name)) this.#messages.set(name, (this.#messages.get(name) ?? 0) + 1);
  }

  get total(): UnknownFields {
    const named = [...this.#messages]
      .filter(([, messages]) => messages > 1)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, MAX_NAMES);
    return { count: this.#count, names: named.map(([name]) => name), messages: named.map(([, messages]) => messages) };
  }
}
