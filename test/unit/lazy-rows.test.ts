import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { LazyRows } from "../../lambda/postgres/lazy-rows.ts";
import { MaskedRow } from "../../lambda/rows/masked-row.ts";

const rows = Array.from({ length: 60 }, (_, i) => new MaskedRow({ date: "2026-03-01", id: `${i}` }, [i], []));

test("lazy rows come once each, in slices of any size", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), (size) => {
      const lazy = new LazyRows(rows);
      const pieces: MaskedRow[] = [];
      for (let start = 0; !lazy.endsBefore(start); start += size) pieces.push(...lazy.slice(start, start + size));
      expect(pieces).toEqual(rows);
      expect(lazy.all()).toEqual(rows);
    }),
  );
});

test("lazy rows are drawn only when they are requested", () => {
  let drawn = 0;
  function* counted() {
    for (const row of rows) {
      drawn++;
      yield row;
    }
  }
  const lazy = new LazyRows(counted());
  for (const end of [1, 1, 4]) lazy.slice(0, end);
  expect(drawn).toBe(4);
  expect(lazy.endsBefore(4)).toBe(false);
  expect(drawn).toBe(5);
  lazy.all();
  expect(drawn).toBe(60);
});

test("lazy rows whose source fails fail at each later draw, so that they are never taken for complete", () => {
  function* failing() {
    yield* rows.slice(0, 2);
    throw new TypeError("no key for identifier ip");
  }
  const lazy = new LazyRows(failing());
  expect(lazy.slice(0, 2)).toHaveLength(2);
  for (const draw of [() => lazy.slice(0, 3), () => lazy.all(), () => lazy.endsBefore(2)]) expect(draw).toThrow("no key for identifier ip");
});
