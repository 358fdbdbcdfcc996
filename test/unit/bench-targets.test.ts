import { describe, expect, test } from "@jest/globals";
import { figure } from "../../bench/report/figures.ts";
import type { Result } from "../../bench/report/result.ts";
import { checkTargets, TARGETS, type Target } from "../../bench/report/targets.ts";

const figures = [figure({ group: "batches of 10", unit: "rows/s" }, "function", [50, 80, 90], { COPY: [100, 100, 100] })];
const result: Result = { machine: {}, scale: "quick", seconds: 1, suites: { store: figures } };
const target: Target = { suite: "store", group: "batches of 10", name: "function" };

function check(change: Partial<Target>) {
  const [first] = checkTargets(result, [{ ...target, ...change }]);
  return [first?.value, first?.isReached];
}

describe("a target", () => {
  test("is reached by the median of the ratio that it names", () => {
    expect(check({ to: "COPY", atLeast: 0.8 })).toEqual([0.8, true]);
    expect(check({ to: "COPY", atLeast: 0.81 })).toEqual([0.8, false]);
    expect(check({ to: "COPY", atMost: 0.8 })).toEqual([0.8, true]);
    expect(check({ to: "COPY", atMost: 0.79 })).toEqual([0.8, false]);
  });

  test("that names no ratio is reached by the median of the figure", () => {
    expect(check({ atMost: 80 })).toEqual([80, true]);
  });

  test("is neither reached nor missed if its figure was not measured", () => {
    expect(check({ name: "another" })).toEqual([undefined, undefined]);
    expect(check({ to: "another" })).toEqual([undefined, undefined]);
    expect(check({ suite: "mask" })).toEqual([undefined, undefined]);
  });

  test("has exactly one bound", () => {
    for (const { atLeast, atMost } of TARGETS) expect([atLeast, atMost].filter((bound) => bound !== undefined)).toHaveLength(1);
  });
});
