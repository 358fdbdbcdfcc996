import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { mask } from "../../lambda/ingest/mask.ts";
import { parse } from "../../lambda/ingest/parse.ts";
import { route } from "../../lambda/ingest/route.ts";
import type { ColumnSpec } from "../../lambda/pipelines/columns.ts";
import {
  bigint,
  date,
  definePipeline,
  exact,
  integer,
  ip,
  json,
  masked,
  numeric,
  text,
  timestamp,
} from "../../lambda/pipelines/pipeline.ts";
import { toQueue } from "../../lambda/pipelines/queue.ts";
import { createSampleBody } from "../../local/tables/sample.ts";
import { kinds } from "../support/kinds.ts";
import { record } from "../support/records.ts";

const day = date({ otherwise: "sent" });
const pipelineOf = (columns: Record<string, ColumnSpec>, more: object = {}) =>
  definePipeline({ name: "some", table: "some", columns: { ...columns, day }, ...more });

/** The parsed message of a sample that was sent now, and the values that were masked as text. */
function store(pipeline: typeof kinds, body = createSampleBody(pipeline, "sample")) {
  const message = parse(record(body, { sent: Date.now() }), pipeline);
  if (message.kind === "rejected") return message;
  const { asText } = mask(message, [0], pipeline, ({ form }, value) => {
    const bytes = Buffer.alloc(64);
    form.write(value, bytes, 0);
    return { token: "token", asText: bytes[0] !== form.tag };
  });
  return { kind: message.kind, asText };
}
const STORED = { kind: "message", asText: 0 };

describe("a sample body is stored", () => {
  test("whatever the kinds of its columns, nested fields and `when`", () => {
    const body = createSampleBody(kinds, "sample");
    expect(store(kinds, body)).toEqual(STORED);
    expect(JSON.parse(body)).toMatchObject({
      event: { type: "kind" },
      customer: { note: "sampl", ip: "192.0.2.1", name: "sample", extra: { color: "sample", size: "sample" } },
      status: "paid",
      ledger_no: String(2n ** 60n),
    });
    expect(route([record(body)], toQueue(kinds)).shares).toHaveLength(1);
  });

  test.each(["sns", "eventbridge"] as const)("in its envelope: %s", (unwrap) => {
    const pipeline = pipelineOf({ a: text({ max: 9, required: true }) }, { unwrap });
    const body = createSampleBody(pipeline, "sample");
    expect(JSON.parse(body)).not.toHaveProperty("a");
    expect(store(pipeline, body)).toEqual(STORED);
  });

  test.each<[string, Record<string, ColumnSpec>]>([
    [
      "a text and a mask of it",
      { a: masked({ from: "x", as: ip, required: true }), b: text({ from: "x", max: 20, required: true, reveals: "a test" }) },
    ],
    ["two masks", { a: masked({ from: "x", as: exact("x"), required: true }), b: masked({ from: "x", as: ip, required: true }) }],
    ["a date and a timestamp", { a: date({ from: "x", required: true }), b: timestamp({ from: "x", required: true }) }],
    [
      "a picked object and a member of it",
      { a: text({ from: "x.y", max: 2, required: true }), b: json({ from: "x", pick: ["y", "z"], required: true }) },
    ],
    [
      "a whole and a decimal number",
      { a: integer({ from: "x", required: true }), b: numeric({ from: "x", precision: 3, scale: 1, required: true }) },
    ],
  ])("if one field is read as %s", (_what, columns) => {
    const pipeline = pipelineOf(columns);
    expect(store(pipeline)).toEqual(STORED);
  });

  test("whatever the ranges of numbers and dates", () => {
    const range = fc.tuple(fc.integer(), fc.integer()).map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b), required: true }));
    const days = fc
      .tuple(fc.nat(3000), fc.nat(3000))
      .map(([a, b]) => ({ notBefore: `${a > b ? "+" : "-"}${a} days`, notAfter: `+${a + b} days` }));
    fc.assert(
      fc.property(range, days, (limits, period) => {
        const all = { ...period, required: true };
        const numbers = { a: integer(limits), b: bigint(limits), c: numeric({ ...limits, precision: 12, scale: 0 }) };
        const pipeline = pipelineOf({ ...numbers, d: date(all), e: timestamp(all), f: timestamp({ ...all, unix: "milliseconds" }) });
        expect(store(pipeline)).toEqual(STORED);
      }),
    );
  });
});

test("a sample body has the wanted columns only, however short they are and whatever their fields are called", () => {
  const orders = pipelineOf({
    order_id: text({ max: 5, required: true }),
    note: text({ max: 9 }),
    from: masked({ from: "address", as: ip }),
  });
  const body = createSampleBody(orders, "masqueue-smoke", ({ name }) => name !== "note" && name !== "day");
  expect(JSON.parse(body)).toEqual({ order_id: "masqu", address: "192.0.2.1" });
});
