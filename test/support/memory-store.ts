import type { Deadline } from "../../lambda/deadline.ts";
import type { MaskedRow } from "../../lambda/rows/masked-row.ts";
import { type Outcome, type SettledRow, STORED } from "../../lambda/rows/outcome.ts";
import type { Findings, KeyProof, RejectedMessage, RowBatch, RowStore } from "../../lambda/rows/row-store.ts";

interface Options {
  /** The outcome of a row; undefined leaves it out of the result. @default stored */
  readonly settle?: (row: MaskedRow) => Outcome | undefined;
  /** Called in each step, with its name. */
  readonly onStep?: (step: "check" | "storeRows" | "appendFindings", deadline: Deadline) => void;
}

/** A store without a database, for tests of the stages before it. */
export class MemoryStore implements RowStore {
  /** The rows of the last batch, in the order in which they came. */
  rows: readonly MaskedRow[] = [];
  /** Those of them that came as repeated. */
  repeated: readonly MaskedRow[] = [];
  proofs: readonly KeyProof[] = [];
  readonly rejections: RejectedMessage[] = [];
  readonly #options: Options;

  constructor(options: Options = {}) {
    this.#options = options;
  }

  async check(proofs: readonly KeyProof[], deadline: Deadline): Promise<void> {
    this.proofs = proofs;
    this.#options.onStep?.("check", deadline);
  }

  async storeRows({ fresh, repeated }: RowBatch, deadline: Deadline): Promise<readonly SettledRow[]> {
    const { settle = () => STORED, onStep } = this.#options;
    this.repeated = [...repeated];
    this.rows = [...fresh, ...this.repeated];
    onStep?.("storeRows", deadline);
    return this.rows.flatMap((row) => {
      const outcome = settle(row);
      return outcome ? [{ row, outcome }] : [];
    });
  }

  async appendFindings({ rejected }: Findings, deadline: Deadline): Promise<void> {
    this.#options.onStep?.("appendFindings", deadline);
    this.rejections.push(...rejected);
  }
}
