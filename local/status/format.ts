const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** A length of time in its largest unit: `850 ms`, `4.2 s`, `12 min`, `3 h`, `14 d`. @param milliseconds negative ones count as none */
export function formatDuration(milliseconds: number): string {
  const length = Math.max(0, milliseconds);
  if (length < 1_000) return `${Math.round(length)} ms`;
  if (length < 10_000) return `${(length / 1000).toFixed(1).replace(".0", "")} s`;
  // A unit is used from two of it on: 90 s is more exact than 1 min.
  const [unit, size] = UNITS.find(([, unitSize]) => length >= 2 * unitSize) ?? ["s", 1_000];
  return `${Math.floor(length / size)} ${unit}`;
}

export function formatAge(milliseconds: number): string {
  return `${formatDuration(milliseconds)} ago`;
}

export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
