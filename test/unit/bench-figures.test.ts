import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { compare, figure, formatNumber, toRange } from "../../bench/report/figures.ts";

const group = { group: "batches of 10", unit: "rows/s" } as const;

test("the median of an odd number of values is the middle one, of an even number the mean of the two", () => {
  expect(toRange([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
  expect(toRange([4, 1, 2, 9])).toEqual({ median: 3, min: 1, max: 9 });
  expect(toRange([7])).toEqual({ median: 7, min: 7, max: 7 });
});

test("no more than half of the values lie below the median, no more than half above it, and none beyond min and max", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const { median, min, max } = toRange(values);
      const share = (isCounted: (value: number) => boolean) => values.filter(isCounted).length / values.length;
      expect(share((value) => value < median)).toBeLessThanOrEqual(0.5);
      expect(share((value) => value > median)).toBeLessThanOrEqual(0.5);
      expect(share((value) => value < min || value > max)).toBe(0);
    }),
  );
});

test("the caller's values keep their order", () => {
  const values = [3, 1, 2];
  toRange(values);
  expect(values).toEqual([3, 1, 2]);
});

test("a ratio is taken repetition by repetition, so what slows both down cancels out", () => {
  const { ratios } = figure(group, "function", [100, 10, 100], { COPY: [200, 20, 200] });
  expect(ratios).toEqual([{ to: "COPY", median: 0.5, min: 0.5, max: 0.5 }]);
});

test("a ratio is the figure divided by what it is compared with", () => {
  const { ratios, median } = figure(group, "function", [30, 60, 90], { limit: [100, 100, 100], unnest: [30, 30, 30] });
  expect(median).toBe(60);
  expect(ratios).toEqual([
    { to: "limit", median: 0.6, min: 0.3, max: 0.9 },
    { to: "unnest", median: 2, min: 1, max: 3 },
  ]);
});

test("a baseline has no ratio", () => {
  expect(figure(group, "COPY", [1]).ratios).toEqual([]);
});

test("the function is followed by its baselines, and has a ratio to each", () => {
  const figures = compare(group, [50], { COPY: [100], unnest: [25] });
  expect(figures.map(({ name, median, ratios }) => [name, median, ratios.length])).toEqual([
    ["function", 50, 2],
    ["COPY", 100, 0],
    ["unnest", 25, 0],
  ]);
});

test("a number is shown with its significant digits", () => {
  expect([0.4567, 12.345, 154.5, 119_550.4].map(formatNumber)).toEqual(["0.46", "12.3", "155", "119,550"]);
});
