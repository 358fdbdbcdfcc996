import type { Scale } from "../measure.ts";
import type { SuiteName } from "../suites/suite.ts";
import type { Machine } from "../support/machine.ts";
import type { Figure } from "./figures.ts";

/** A whole run; every report is made from it. */
export interface Result {
  readonly machine: Machine;
  readonly scale: Scale;
  /** What the run took. */
  readonly seconds: number;
  /** The figures of the suites that ran. */
  readonly suites: Readonly<Partial<Record<SuiteName, readonly Figure[]>>>;
}

/** Names a figure, or one of its ratios. */
export interface FigureName {
  readonly suite: SuiteName;
  readonly group: string;
  readonly name: string;
  /** The comparison of a ratio. @default none: the figure itself */
  readonly to?: string;
}

/** The median of a figure or ratio, with its unit; undefined if this run did not measure it. */
export function findMedian({ suites }: Result, { suite, group, name, to }: FigureName): { value: number; unit: string } | undefined {
  const figure = suites[suite]?.find((one) => one.group === group && one.name === name);
  if (to === undefined) return figure && { value: figure.median, unit: figure.unit };
  const ratio = figure?.ratios.find((one) => one.to === to);
  return ratio && { value: ratio.median, unit: "x" };
}
