import { type FigureName, findMedian, type Result } from "./result.ts";

/** A figure or ratio whose median should reach a bound. */
export interface Target extends FigureName {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What the benchmark should show. A missed target fails nothing: times depend on the machine. */
export const TARGETS: readonly Target[] = [
  { suite: "store", group: "batches of 1,000", name: "function", to: "COPY", atLeast: 0.75 },
  { suite: "store", group: "batches of 10,000", name: "function", to: "COPY", atLeast: 0.75 },
  { suite: "store", group: "batches of 100", name: "function", to: "COPY", atLeast: 0.55 },
  { suite: "store", group: "batches of 10", name: "function", to: "COPY", atLeast: 0.8 },
  { suite: "store", group: "batches of 1,000", name: "function", to: "unnest", atLeast: 1.8 },
  { suite: "store", group: "batches of 1,000", name: "function", to: "row by row", atLeast: 25 },
  { suite: "store", group: "batches of 1,000", name: "masqueue load", to: "function", atLeast: 0.7 },
  { suite: "mask", group: "parse and mask", name: "function", to: "limit", atLeast: 0.7 },
  { suite: "distance", group: "2 ms, batches of 10", name: "function", to: "unnest", atLeast: 1.1 },
  { suite: "distance", group: "2 ms, batches of 100", name: "function", to: "unnest", atLeast: 1.2 },
  { suite: "distance", group: "2 ms, batches of 1,000", name: "function", to: "pg-copy-streams", atLeast: 1.3 },
  { suite: "mixed", group: "rejected at parse", name: "1 in 1,000", to: "none", atLeast: 0.85 },
  { suite: "mixed", group: "refused by the database", name: "1 in 1,000", to: "none", atLeast: 0.5 },
  { suite: "mixed", group: "refused by the database", name: "10 in 1,000", to: "none", atLeast: 0.3 },
  { suite: "mixed", group: "refused by the database", name: "100 in 1,000", to: "none", atLeast: 0.15 },
  { suite: "mixed", group: "duplicates", name: "1 in 1,000", to: "none", atLeast: 0.6 },
  { suite: "mixed", group: "duplicates", name: "100 in 1,000", to: "none", atLeast: 0.35 },
  { suite: "mixed", group: "delivered again", name: "1 in 1,000", to: "none", atLeast: 0.9 },
  { suite: "mixed", group: "delivered again", name: "100 in 1,000", to: "none", atLeast: 0.6 },
  { suite: "growth", group: "table of 10,000,000 rows", name: "function", to: "empty table", atLeast: 0.8 },
  { suite: "growth", group: "table of 1,000,000 rows", name: "on disk, with its key", atMost: 300 },
  { suite: "growth", group: "table of 1,000,000 rows", name: "WAL", atMost: 674 },
  { suite: "growth", group: "table of 1,000,000 rows", name: "WAL of an empty table", atMost: 339 },
  { suite: "growth", group: "writers: 4", name: "function", to: "as COPY scales", atLeast: 0.9 },
  { suite: "growth", group: "backlog of 50,000", name: "function", to: "bare receive and delete", atLeast: 0.7 },
  { suite: "start", group: "start to ready", name: "function", to: "pg-only handler", atMost: 1.3 },
  { suite: "start", group: "bundle", name: "function", atMost: 200 },
  { suite: "start", group: "peak memory, function of 512 MB", name: "event of 6 MB, 10,000 messages", atMost: 256 },
];

/** The measured median of each target, and whether it reaches the bound; both undefined if this run did not measure it. */
export function checkTargets(result: Result, targets: readonly Target[] = TARGETS) {
  return targets.map((target) => {
    const value = findMedian(result, target)?.value;
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target;
    return { target, value, isReached: value === undefined ? undefined : value >= atLeast && value <= atMost };
  });
}
