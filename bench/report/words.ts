import type { Figure, Ratio, Unit } from "../figures.ts";
import type { Machine } from "../support/machine.ts";
import type { Verdict } from "../targets.ts";

/** A figure with as many digits as say something. */
export function amount(value: number, unit: Unit): string {
  if (unit === "$") return value.toFixed(value < 0.1 ? 4 : 3);
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
}

function ratio(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : 1, minimumFractionDigits: value < 10 ? 2 : 0 });
}

/** `0.71 x limit (0.68 to 0.74)`. */
function ratioLine({ to, median, min, max }: Ratio): string {
  return `${ratio(median)} x ${to} (${ratio(min)} to ${ratio(max)})`;
}

export const HEAD = ["", "", "median", "min", "max", "unit", "ratio"] as const;

/** The cells of a row, as in {@link HEAD}; the last holds a line for each comparison. */
export function cellsOf({ group, name, unit, median, min, max, ratios }: Figure): string[] {
  return [group, name, ...[median, min, max].map((value) => amount(value, unit)), unit, ratios.map(ratioLine).join("\n")];
}

export const TARGET_HEAD = ["part", "target", "to reach", "median", ""] as const;

export function targetCells({ target, value, isReached }: Verdict): string[] {
  const unitOf = (bound: number) => (target.to === undefined ? String(bound) : `${bound} x`);
  const bound = target.atLeast === undefined ? `at most ${unitOf(target.atMost ?? 0)}` : `at least ${unitOf(target.atLeast)}`;
  const verdict = isReached === undefined ? "not measured" : isReached ? "reached" : "not reached";
  return [target.part, target.text, bound, value === undefined ? "" : ratio(value), verdict];
}

/** What the figures depend on, as lines of a name and a value. */
export function factsOf({ settings, ...facts }: Machine): [string, string][] {
  const all = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  return [...Object.entries(facts), ["settings", all.join(", ")]];
}
