import type { Figure, Part } from "./figures.ts";

/** A figure that is to be reached: of a ratio where there is one to name, else of the figure itself. */
export interface Target {
  readonly text: string;
  readonly part: Part;
  readonly group: string;
  readonly name: string;
  readonly to?: string;
  /** Counts the median. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Verdict {
  readonly target: Target;
  /** Absent where it was not measured in this run. */
  readonly value: number | undefined;
  readonly isReached: boolean | undefined;
}

const store = (size: string, to: string, atLeast: number): Target => ({
  text: `batches of ${size}, against ${to}`,
  part: "A",
  group: `batches of ${size}`,
  name: "function",
  to,
  atLeast,
});

const far = (size: string, atLeast: number): Target => ({
  text: `2 ms away, batches of ${size}, against the faster of pg-copy-streams and unnest`,
  part: "R",
  group: `2 ms, batches of ${size}`,
  name: "function",
  to: "the faster of the two",
  atLeast,
});

const mixed = (group: string, count: number, atLeast: number): Target => ({
  text: `${count} in 1,000 ${group}, against none`,
  part: "C",
  group,
  name: `${count} in 1,000`,
  to: "none",
  atLeast,
});

/** What the benchmark must show. A missed one fails nothing: times depend on the machine. */
export const TARGETS: readonly Target[] = [
  store("1,000", "limit", 0.75),
  store("10,000", "limit", 0.75),
  store("100", "COPY", 0.55),
  store("10", "COPY", 0.8),
  store("1,000", "unnest", 1.8),
  store("1,000", "row by row", 25),
  {
    text: "parse and mask, against JSON.parse and two bare HMACs",
    part: "B",
    group: "parse, canonicalise and mask",
    name: "the function's stages",
    to: "limit",
    atLeast: 0.7,
  },
  far("10", 1.1),
  far("100", 1.2),
  far("1,000", 1.3),
  mixed("rejected at parse", 1, 0.85),
  mixed("refused by the database", 1, 0.5),
  mixed("duplicates", 100, 0.35),
  {
    text: "a table of 10 million rows, against an empty one",
    part: "D",
    group: "table of 10,000,000 rows",
    name: "function",
    to: "empty table",
    atLeast: 0.8,
  },
  {
    text: "4 writers, against as COPY scales",
    part: "D",
    group: "writers: 4",
    name: "function",
    to: "as COPY scales",
    atLeast: 0.9,
  },
  {
    text: "a backlog of 50,000, against a bare receive and delete",
    part: "D",
    group: "backlog of 50,000",
    name: "end to end",
    to: "bare receive and delete",
    atLeast: 0.7,
  },
  {
    text: "start, against a handler with pg alone",
    part: "E",
    group: "process start to ready",
    name: "function",
    to: "pg-only handler",
    atMost: 1.3,
  },
  { text: "bundle, in kB", part: "E", group: "bundle", name: "function", atMost: 200 },
  {
    text: "peak memory of the largest event, in MiB",
    part: "E",
    group: "peak memory",
    name: "event of 6 MB, 10,000 messages, function of 512 MB",
    atMost: 256,
  },
];

export function verdictsOn(figures: readonly Figure[], targets: readonly Target[] = TARGETS): Verdict[] {
  return targets.map((target) => {
    const found = figures.find(({ part, group, name }) => part === target.part && group === target.group && name === target.name);
    const value = target.to === undefined ? found?.median : found?.ratios.find(({ to }) => to === target.to)?.median;
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target;
    return { target, value, isReached: value === undefined ? undefined : value >= atLeast && value <= atMost };
  });
}
