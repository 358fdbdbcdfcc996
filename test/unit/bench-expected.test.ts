import { expect, test } from "@jest/globals";
import { batchOf, newRecords, plusAll } from "../../bench/support/batches.ts";
import { NOTHING, plus, tallyOf } from "../../bench/support/expected.ts";
import { loginBody, loginRecord } from "../../bench/support/logins.ts";

const body = loginBody({ locale: null });
const one = (fields: Record<string, unknown> = {}, id = "a") =>
  batchOf([loginRecord(JSON.stringify({ ...JSON.parse(body), ...fields }), id)]).tally;

test("the same rows have the same sum, in whatever order they come", () => {
  const { rows } = batchOf(newRecords(20));
  expect(tallyOf(rows.toReversed())).toEqual(tallyOf(rows));
});

test("a row that is missing, twice there or another one changes the sum", () => {
  const { rows, tally } = batchOf(newRecords(5));
  expect(tallyOf(rows.slice(1))).not.toEqual(tally);
  expect(tallyOf([...rows.slice(1), ...rows.slice(1, 2)])).not.toEqual(tally);
  expect(tallyOf([...rows.slice(1), ...batchOf(newRecords(1)).rows])).not.toEqual(tally);
});

test("every cell counts: an id, a token, a text, a missing value", () => {
  const sums = [one(), one({}, "b"), one({ ip: "192.0.2.1" }), one({ device_type: "other" }), one({ locale: "DE" }), one({ locale: "" })];
  expect(new Set(sums.map(({ sum }) => sum)).size).toBe(sums.length);
  expect(one()).toEqual(one());
});

test("sums of batches add up", () => {
  const batches = [batchOf(newRecords(2)), batchOf(newRecords(3))] as const;
  expect(plusAll(NOTHING, batches)).toEqual(plus(batches[0].tally, batches[1].tally));
  expect(plusAll(NOTHING, batches)).toEqual(tallyOf(batches.flatMap(({ rows }) => rows)));
});
