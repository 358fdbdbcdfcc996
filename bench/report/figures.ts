export type Unit = "rows/s" | "ms" | "kB" | "MiB" | "bytes per row";

/** Repetitions, summed up. */
export interface Range {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A figure divided by a comparison, repetition by repetition. */
interface Ratio extends Range {
  readonly to: string;
}

/** Figures of one group and unit are compared with each other. */
export interface Group {
  /** What the figures have in common, e.g. the size of a batch. */
  readonly group: string;
  readonly unit: Unit;
}

/** A measured row of the report. */
export interface Figure extends Group, Range {
  readonly name: string;
  /** Empty for a figure that others are compared with. */
  readonly ratios: readonly Ratio[];
}

/** One value per repetition, in their order. */
export type Values = readonly number[];

/** @param values at least one */
export function toRange(values: Values): Range {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const at = (i: number) => sorted[i] ?? Number.NaN;
  return {
    median: sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

/** @param comparisons by name; divided repetition by repetition, so that what slows both down for a while cancels out */
export function figure(group: Group, name: string, values: Values, comparisons: Readonly<Record<string, Values>> = {}): Figure {
  const divide = (others: Values) => others.map((other, i) => (values[i] as number) / other);
  const ratios = Object.entries(comparisons).map(([to, others]) => ({ to, ...toRange(divide(others)) }));
  return { ...group, name, ...toRange(values), ratios };
}

/** The figure of the function with its ratio to each baseline, followed by the baselines. @param baselines by name */
export function compare(group: Group, values: Values, baselines: Readonly<Record<string, Values>>): Figure[] {
  return [figure(group, "function", values, baselines), ...Object.entries(baselines).map(([name, others]) => figure(group, name, others))];
}

/** A number with its significant digits. */
export function formatNumber(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
}
