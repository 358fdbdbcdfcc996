import type { Scale } from "../bench.ts";
import type { Figure, Part } from "../figures.ts";
import type { Machine } from "../support/machine.ts";
import type { Verdict } from "../targets.ts";
import type { Plot } from "./plots.ts";

/** A whole run, as every kind of report gets it. */
export interface Result {
  readonly machine: Machine;
  readonly scale: Scale;
  readonly seconds: number;
  readonly figures: readonly Figure[];
  readonly notes: Readonly<Partial<Record<Part, readonly string[]>>>;
  /** Those that are not drawn of figures. */
  readonly plots: readonly Plot[];
  readonly verdicts: readonly Verdict[];
}
