import type { Scale } from "../bench.ts";
import type { Figure, Part } from "../figures.ts";
import type { Machine } from "../support/machine.ts";
import type { Verdict } from "../targets.ts";

/** A whole run, as every kind of report gets it. */
export interface Result {
  readonly machine: Machine;
  readonly scale: Scale;
  readonly seconds: number;
  readonly figures: readonly Figure[];
  readonly notes: Readonly<Partial<Record<Part, readonly string[]>>>;
  readonly verdicts: readonly Verdict[];
}
