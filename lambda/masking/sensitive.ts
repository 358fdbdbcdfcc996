import { inspect } from "node:util";

const REDACTED = "[redacted]";

let open: <T>(sensitive: Sensitive<T>) => T;

/**
 * A value out of a message body. `JSON.stringify`, `console.log` and template strings print it as `[redacted]`. Only {@link reveal}
 * opens it, and the architecture test lists the stages that may import that.
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

/** Opens a sensitive value. Only the masking stage and the counter of unknown fields may call it. */
export function reveal<T>(sensitive: Sensitive<T>): T {
  return open(sensitive);
}
