import { describe, expect, test } from "@jest/globals";
import { parse } from "../../lambda/ingest/parse.ts";
import { route } from "../../lambda/ingest/route.ts";
import { reveal } from "../../lambda/masking/sensitive.ts";
import { bigint, type ColumnSpec } from "../../lambda/pipelines/columns.ts";
import { date, definePipeline, numeric, text, timestamp } from "../../lambda/pipelines/pipeline.ts";
import { toQueue } from "../../lambda/pipelines/queue.ts";
import { declareOne } from "../support/columns.ts";
import { type RecordOptions, record } from "../support/records.ts";

const read = (x: ColumnSpec, body: unknown) => parse(record(body), declareOne(x));

describe("a number with very many digits", () => {
  const digits = `0.${"0".repeat(1_000_000)}1`;

  // With quadratic work, one of these takes minutes: the runner's own limit ends the test.
  test.each([numeric({ precision: 9, scale: 2 }), bigint(), timestamp({ unix: "seconds" })])("is read in linear time: %#", (column) => {
    expect(read(column, `{"x":${digits}}`)).toBeDefined();
    expect(read(column, { x: digits })).toBeDefined();
  });
});

test("a nested object with very many undeclared members is counted", () => {
  const members = Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`m${i}`, 0]));
  const parsed = read(text({ from: "customer.email", max: 9 }), { customer: members });
  expect(parsed.kind === "message" && reveal(parsed.unknownFields).length).toBe(300_000);
});

describe("the limits of a decimal number", () => {
  test.each([
    ["9007199254740992", undefined],
    ["9007199254740993", "out_of_range"],
    ["-0.000000000000000001", "out_of_range"],
    ["0", undefined],
  ])("are compared digit by digit: %s", (json, code) => {
    const column = numeric({ precision: 40, scale: 20, min: 0, max: 9_007_199_254_740_992 });
    const parsed = read(column, `{"x":${json}}`);
    expect(parsed.kind === "rejected" ? parsed.code : undefined).toBe(code);
  });
});

describe("the limits of the key's date", () => {
  const wrapped = definePipeline({
    name: "wrapped",
    table: "wrapped",
    unwrap: "eventbridge",
    columns: { note: text({ max: 9 }), day: date({ from: "at", otherwise: "sent", notBefore: "2015-01-01", notAfter: "+1 day" }) },
  });
  const envelope = (time: string, detail: object, options: RecordOptions = {}) =>
    parse(record({ "detail-type": "t", source: "s", time, detail }, options), wrapped);

  test.each(["2999-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])("hold for the time of an envelope, too: %s", (time) => {
    expect(envelope(time, {})).toMatchObject({ kind: "rejected", code: "bad_date", field: "at" });
  });

  test("count from the time at which SQS got the message, which no sender can choose", () => {
    expect(envelope("2999-01-01T00:00:00Z", { at: "2999-01-02" })).toMatchObject({ kind: "rejected", code: "bad_date" });
    expect(envelope("2026-02-28T23:00:00Z", {})).toMatchObject({ key: { date: "2026-02-28" } });
  });
});

test("a condition on a number with many digits holds, whether or not the queue keeps digits", () => {
  const day = date({ otherwise: "sent" });
  for (const columns of [{ day }, { n: bigint(), day }] as Record<string, ColumnSpec>[]) {
    const queue = toQueue(definePipeline({ name: "t", table: "t", when: { tenant: 1234567890123456 }, columns }));
    expect(route([record('{"tenant":1234567890123456}')], queue).shares).toHaveLength(1);
  }
});

test.each([
  [{ x: text({ max: 20_000_000 }) }, "column x: max is 20000000; it must be a number of characters up to 10485760"],
  [{ x: date({ notBefore: "2020-01-01", notAfter: "2010-01-01" }) }, "column x: notBefore is after notAfter"],
  [{ x: timestamp({ notBefore: "+1 day", notAfter: "-1 day" }) }, "column x: notBefore is after notAfter"],
  [{ xmin: text({ max: 9 }) }, "xmin is a system column of Postgres; choose another name"],
  [{ [`a${"b".repeat(63)}`]: text({ max: 9 }) }, "must be a plain lower-case name of up to 63 characters"],
])("a declaration that could never work is refused: %#", (columns, sentence) => {
  const declare = () =>
    definePipeline({ name: "t", table: "t", columns: { ...(columns as Record<string, ColumnSpec>), day: date({ otherwise: "sent" }) } });
  expect(declare).toThrow(sentence);
});
