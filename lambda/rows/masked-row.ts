import { inspect } from "node:util";

/** The identity of a row: the table's unique key. */
export interface RowKey {
  /** `YYYY-MM-DD`, UTC. */
  readonly date: string;
  readonly id: string;
}

/** The only kind of row that a store takes. Only the masking stage makes one (the architecture test checks this). It prints no cell. */
export class MaskedRow {
  readonly key: RowKey;
  /** Positions in the batch of the records that have this row; the first one supplied its cells. */
  readonly positions: readonly number[];
  readonly #cells: readonly (string | null)[];

  constructor(key: RowKey, positions: readonly number[], cells: readonly (string | null)[]) {
    this.key = key;
    this.positions = positions;
    this.#cells = cells;
  }

  /** One cell for each column of the pipeline, in its order, then `message_id`. */
  cells(): readonly (string | null)[] {
    return this.#cells;
  }

  toJSON(): string {
    return "[masked row]";
  }

  [inspect.custom](): string {
    return "[masked row]";
  }
}
