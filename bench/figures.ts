/** The parts of the benchmark, in the order in which they run. */
export const PARTS = {
  A: "Store",
  B: "Mask",
  R: "Distance",
  C: "Mixed",
  D: "Growth",
  E: "Start",
  F: "Cost",
  P: "Profile",
} as const;

export type Part = keyof typeof PARTS;

export type Unit = "rows/s" | "ms" | "kB" | "MiB" | "bytes a row" | "$" | "µs a batch" | "µs a row";

/** What repetitions came to. */
export interface Range {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A figure divided by the comparison's of the same repetition. */
export interface Ratio extends Range {
  readonly to: string;
}

/** One row of the report. */
export interface Figure extends Range {
  readonly part: Part;
  /** What the figures beside it have in common, e.g. the size of a batch. */
  readonly group: string;
  readonly name: string;
  readonly unit: Unit;
  /** Empty for what only stands there to be compared with. */
  readonly ratios: readonly Ratio[];
}

/** A figure for each repetition, in their order. */
export type Values = readonly number[];

export type Where = Pick<Figure, "part" | "group" | "unit">;

/** @param values one or more */
export function rangeOf(values: Values): Range {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const at = (i: number) => sorted[i] ?? Number.NaN;
  return {
    median: sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

/**
 * A row of the report.
 * @param comparisons by name; divided repetition by repetition, so that what slows both down for a while does not count
 */
export function figure(where: Where, name: string, values: Values, comparisons: Readonly<Record<string, Values>> = {}): Figure {
  const ratios = Object.entries(comparisons).map(([to, others]) => ({ to, ...rangeOf(pairs(values, others, (a, b) => a / b)) }));
  return { ...where, name, ...rangeOf(values), ratios };
}

/** Of two things that cannot both be faster, the slower one at each repetition. */
export function slower(rates: Values, others: Values): number[] {
  return pairs(rates, others, Math.min);
}

export function faster(rates: Values, others: Values): number[] {
  return pairs(rates, others, Math.max);
}

/** What two things take that cannot go on at the same time. */
export function sums(times: Values, others: Values): number[] {
  return pairs(times, others, (a, b) => a + b);
}

function pairs(a: Values, b: Values, combine: (a: number, b: number) => number): number[] {
  return a.slice(0, b.length).map((value, i) => combine(value, b[i] as number));
}
