import { describe, expect, test } from "@jest/globals";
import { figure } from "../../bench/figures.ts";
import { runCost } from "../../bench/suites/cost.ts";
import { TARGETS, type Target, verdictsOn } from "../../bench/targets.ts";

const where = { part: "A", group: "batches of 10", unit: "rows/s" } as const;
const figures = [figure(where, "function", [50, 80, 90], { COPY: [100, 100, 100] })];
const target: Target = { text: "", part: "A", group: "batches of 10", name: "function", to: "COPY" };

function verdict(change: Partial<Target>) {
  const [first] = verdictsOn(figures, [{ ...target, ...change }]);
  return [first?.value, first?.isReached];
}

describe("a target", () => {
  test("is reached by the median of the ratio that it names", () => {
    expect(verdict({ atLeast: 0.8 })).toEqual([0.8, true]);
    expect(verdict({ atLeast: 0.81 })).toEqual([0.8, false]);
    expect(verdict({ atMost: 0.8 })).toEqual([0.8, true]);
    expect(verdict({ atMost: 0.79 })).toEqual([0.8, false]);
  });

  test("that names no ratio is reached by the median of the figure", () => {
    const [absolute] = verdictsOn(figures, [{ text: "", part: "A", group: "batches of 10", name: "function", atMost: 80 }]);
    expect(absolute).toMatchObject({ value: 80, isReached: true });
  });

  test("is neither reached nor missed where its figure was not measured", () => {
    expect(verdict({ name: "another" })).toEqual([undefined, undefined]);
    expect(verdict({ to: "another" })).toEqual([undefined, undefined]);
  });

  test("has exactly one bound", () => {
    for (const { atLeast, atMost } of TARGETS) expect([atLeast, atMost].filter((bound) => bound !== undefined)).toHaveLength(1);
  });
});

describe("the cost of a million messages", () => {
  const inMs = { part: "A", group: "batches of 1,000", unit: "ms" } as const;
  const measured = [figure(inMs, "function, a batch", [10]), figure(inMs, "function, its processor time a batch", [5])];
  const cost = (name: string) => runCost(measured).figures.find((one) => one.name === name)?.median;

  test("counts the processor's time as often as the memory has less than a core, and bills begun milliseconds", () => {
    // 5 ms of waiting and 5 ms x 1769/512 of computing: 23 ms of half a gigabyte, a thousand times.
    expect(cost("Lambda")).toBeCloseTo(1_000 * (0.2e-6 + 0.023 * 0.5 * 0.0000133334), 10);
  });

  test("counts a receive and a delete for ten messages", () => {
    expect(cost("SQS, receiving and deleting")).toBeCloseTo(0.08, 10);
  });

  test("counts two calls to KMS for a thousand invocations", () => {
    expect(cost("KMS")).toBeCloseTo(2 * 0.000003, 10);
  });

  test("is left out where the times were not measured", () => {
    expect(runCost([])).toEqual({ figures: [], notes: [] });
  });
});
