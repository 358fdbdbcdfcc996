import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { mask } from "../../lambda/ingest/mask.ts";
import { parse } from "../../lambda/ingest/parse.ts";
import { deriveKeys, importMasterKey } from "../../lambda/masking/keys.ts";
import { createHmacTokenizer } from "../../lambda/masking/tokens.ts";
import * as p from "../../lambda/pipelines/pipeline.ts";
import { REJECTION_CODES } from "../../lambda/rows/outcome.ts";
import { record } from "../support/records.ts";

const path = fc
  .array(fc.constantFrom("a", "b", "__proto__", "toString", "length", "rawJSON"), { minLength: 1, maxLength: 3 })
  .map((names) => names.join("."));
const field = fc.record({ from: path, required: fc.constantFrom(true, ...Array(9).fill(false)), reveals: fc.constant("test") });

const column = fc.oneof(
  fc.tuple(field, fc.nat(9), fc.boolean()).map(([options, max, numbers]) => p.text({ ...options, max: max + 1, numbers })),
  field.map((options) => p.text({ ...options, max: 4, oneOf: ["a", "b"] })),
  field.map((options) => p.integer({ ...options, min: -3 })),
  field.map((options) => p.bigint({ ...options, max: 2n ** 62n })),
  fc.tuple(field, fc.nat(9)).map(([options, scale]) => p.numeric({ ...options, precision: 10, scale })),
  field.map((options) => p.boolean(options)),
  field.map((options) => p.uuid(options)),
  field.map((options) => p.date({ ...options, notAfter: "+1 day" })),
  fc.tuple(field, fc.constantFrom("seconds" as const, "milliseconds" as const)).map(([options, unix]) => p.timestamp({ ...options, unix })),
  field.map((options) => p.timestamp({ ...options, notBefore: "2015-01-01" })),
  field.map((options) => p.json({ ...options, pick: ["a", "__proto__", "toJSON"] })),
  fc.constantFrom(p.constant("x"), p.meta("sent"), p.meta("receivedAt"), p.meta("messageId")),
  fc
    .tuple(path, fc.boolean(), fc.constantFrom(p.ip, p.exact("id"), p.caseless("mail"), p.digits("phone"), p.uuid("device")))
    .map(([from, numbers, as]) => p.masked({ from, numbers, as, absent: ["a"] })),
);
const declaration = fc.record({
  columns: fc.array(column, { maxLength: 8 }).map((columns) => Object.fromEntries(columns.map((spec, i) => [`c${i}`, spec]))),
  unwrap: fc.constantFrom("sns" as const, "eventbridge" as const, undefined),
  once: fc.constantFrom("message-id" as const, "event-id" as const),
});

const scalar = fc.oneof(
  fc.constantFrom(
    "null",
    "true",
    '"a"',
    '"\\u0000"',
    '"\\ud800"',
    '"2026-03-01"',
    '"2026-03-01T12:00:00Z"',
    "1e400",
    "-0.0",
    "1e-400",
    '"NaN"',
  ),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.uuid().map((text) => JSON.stringify(text)),
  fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
);
const names = fc.constantFrom(
  "a",
  "b",
  "__proto__",
  "toString",
  "length",
  "rawJSON",
  "toJSON",
  "Message",
  "Type",
  "TopicArn",
  "detail",
  "source",
  "detail-type",
);
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join()}]`),
    fc
      .array(fc.tuple(names, tie("value")), { maxLength: 6 })
      .map((members) => `{${members.map(([name, value]) => `"${name}":${value}`).join()}}`),
  ),
}));
const attributes = fc.dictionary(fc.constantFrom("event-id", "event-time", "masqueue-sent"), fc.constantFrom("1", "2026-03-01", "e", ""));

const keys = await deriveKeys(importMasterKey(Buffer.alloc(32, 7)), ["ip", "id", "mail", "phone", "device"], "main");
const tokenize = createHmacTokenizer(keys);

test("any body under any declaration becomes a row with a cell for each column, or a rejection that names no value", () => {
  let rows = 0;
  fc.assert(
    fc.property(declaration, value, attributes, ({ columns, unwrap, once }, body, attributes) => {
      const pipeline = p.definePipeline({
        ...{ name: "any", table: "any", once, ...(unwrap && { unwrap }) },
        columns: { ...columns, day: p.date({ otherwise: "sent" }) },
      });
      const parsed = parse(record(body, { attributes }), pipeline);
      if (parsed.kind === "rejected") {
        expect(Object.keys(REJECTION_CODES)).toContain(parsed.code);
        expect([...pipeline.columns.map(({ from }) => from), "event-id", "event-time", "Message", "detail", null]).toContain(parsed.field);
        return;
      }
      rows++;
      const cells = mask(parsed, [0], pipeline, tokenize).row.cells();
      expect(cells).toHaveLength(pipeline.columns.length + 1);
      for (const [i, { kind }] of pipeline.columns.entries()) {
        const cell = cells[i] ?? null;
        if (kind === "masked" && cell !== null) expect(cell).toMatch(/^v1\.[0-9a-f]+$/);
        expect(cell?.includes("\0") ?? false).toBe(false);
        expect(cell?.isWellFormed() ?? true).toBe(true);
      }
    }),
    { numRuns: 5_000 },
  );
  expect(rows).toBeGreaterThan(500);
});
