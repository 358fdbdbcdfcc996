import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { faster, figure, rangeOf, slower } from "../../bench/figures.ts";

const where = { part: "A", group: "batches of 10", unit: "rows/s" } as const;

test("the median of an odd number of values is the middle one, of an even number the mean of the two", () => {
  expect(rangeOf([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
  expect(rangeOf([4, 1, 2, 9])).toEqual({ median: 3, min: 1, max: 9 });
  expect(rangeOf([7])).toEqual({ median: 7, min: 7, max: 7 });
});

test("no more than half of the values lie below the median, no more than half above it, and none beyond min and max", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const { median, min, max } = rangeOf(values);
      const share = (isCounted: (value: number) => boolean) => values.filter(isCounted).length / values.length;
      expect(share((value) => value < median)).toBeLessThanOrEqual(0.5);
      expect(share((value) => value > median)).toBeLessThanOrEqual(0.5);
      expect(share((value) => value < min || value > max)).toBe(0);
    }),
  );
});

test("values are not put in order under the caller's hands", () => {
  const values = [3, 1, 2];
  rangeOf(values);
  expect(values).toEqual([3, 1, 2]);
});

test("a ratio is taken repetition by repetition, so a slow spell of both does not show", () => {
  const { ratios } = figure(where, "function", [100, 10, 100], { COPY: [200, 20, 200] });
  expect(ratios).toEqual([{ to: "COPY", median: 0.5, min: 0.5, max: 0.5 }]);
});

test("a ratio is the figure divided by what it is compared with", () => {
  const { ratios, median } = figure(where, "function", [30, 60, 90], { limit: [100, 100, 100], unnest: [30, 30, 30] });
  expect(median).toBe(60);
  expect(ratios).toEqual([
    { to: "limit", median: 0.6, min: 0.3, max: 0.9 },
    { to: "unnest", median: 2, min: 1, max: 3 },
  ]);
});

test("what only stands there to be compared with has no ratio", () => {
  expect(figure(where, "COPY", [1]).ratios).toEqual([]);
});

test("of two rates the slower or the faster one is taken at each repetition", () => {
  expect(slower([1, 5, 3], [2, 4, 3])).toEqual([1, 4, 3]);
  expect(faster([1, 5, 3], [2, 4, 3])).toEqual([2, 5, 3]);
});
