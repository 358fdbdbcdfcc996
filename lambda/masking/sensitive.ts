import { inspect } from "node:util";

const REDACTED = "[redacted]";

let open: <T>(sensitive: Sensitive<T>) => T;

/**
 * A value out of a message body. It prints as `[redacted]` under `JSON.stringify`, `console.log` and
 * in template strings; only {@link reveal} opens it, and only the stages that a test names may import that.
 */
export class Sensitive<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  static {
    open = (sensitive) => sensitive.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

/** Opens a sensitive value. For the masking stage and the count of unknown fields alone. */
export function reveal<T>(sensitive: Sensitive<T>): T {
  return open(sensitive);
}
