import type { MaskedRow } from "../rows/masked-row.ts";

/** Ordered rows, produced lazily and kept for a second try. */
export class LazyRows {
  readonly #source: Iterator<MaskedRow>;
  readonly #drawn: MaskedRow[] = [];
  #isComplete = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(rows: Iterable<MaskedRow>) {
    this.#source = rows[Symbol.iterator]();
  }

  /** The rows from `start` up to but excluding `end`; fewer if they end before. */
  slice(start: number, end: number): readonly MaskedRow[] {
    while (this.#drawn.length < end && !this.#isComplete) {
      const { done, value } = this.#draw();
      if (done) this.#isComplete = true;
      else this.#drawn.push(value);
    }
    return this.#drawn.slice(start, end);
  }

  /** Whether there is no row at `position` or after it. */
  endsBefore(position: number): boolean {
    return this.slice(position, position + 1).length === 0;
  }

  all(): readonly MaskedRow[] {
    return this.slice(0, Number.POSITIVE_INFINITY);
  }

  /** A generator that has thrown counts as finished, so the error is kept: a second try must not take the rows for complete. */
  #draw(): IteratorResult<MaskedRow> {
    if (this.#failure) throw this.#failure.error;
    try {
      return this.#source.next();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
