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

  /** Returns the rows from `start` up to but excluding `end`; fewer if there are no more. */
  slice(start: number, end: number): readonly MaskedRow[] {
    if (this.#drawn.length < end && !this.#isComplete) this.#draw(end);
    return this.#drawn.slice(start, end);
  }

  /** Whether no row stands at `position` or after it. */
  endsBefore(position: number): boolean {
    return this.slice(position, position + 1).length === 0;
  }

  all(): readonly MaskedRow[] {
    return this.slice(0, Number.POSITIVE_INFINITY);
  }

  /** A generator that has thrown counts as finished, so the error is kept: a second try must not take the rows for complete. */
  #draw(end: number): void {
    if (this.#failure) throw this.#failure.error;
    try {
      while (this.#drawn.length < end) {
        const { done, value } = this.#source.next();
        if (done) {
          this.#isComplete = true;
          return;
        }
        this.#drawn.push(value);
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
