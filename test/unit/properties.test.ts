import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { mask } from "../../lambda/ingest/mask.ts";
import { parse } from "../../lambda/ingest/parse.ts";
import { UnknownFieldCounter } from "../../lambda/ingest/unknown-fields.ts";
import { deriveKeys, importMasterKey } from "../../lambda/masking/keys.ts";
import { createHmacTokenizer } from "../../lambda/masking/tokens.ts";
import { listIdentifiers } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { REJECTION_CODES } from "../../lambda/rows/outcome.ts";
import { record } from "../support/records.ts";

const FIELDS = [...userLogins.fields.keys()];
const INHERITED = ["__proto__", "constructor", "toString", "toJSON", "hasOwnProperty", "then"];
const ENVELOPE = ["Type", "TopicArn", "Message", "detail-type", "source", "detail"];

/** Values for which some stage has a rule, and any others. */
const hostile = fc.oneof(
  fc.constantFrom(null, true, 0, -0, 2.3, 1e308, "", " ", "\0", "\ud800", "\udc00\ud800", "\\.", "\\N", "2026-02-30", "2026-03-01", "::1"),
  fc.string({ unit: "binary", maxLength: 140 }),
  fc.ipV6(),
  fc.jsonValue(),
);
const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...FIELDS) }, fc.constantFrom(...INHERITED, ...ENVELOPE), fc.string());

/** The text of a JSON object, built by hand so that it can contain `__proto__` and repeated names. */
const objectText = fc
  .array(fc.tuple(name, hostile), { maxLength: 12 })
  .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`);
const withUser = objectText.map((text) => `{"user_id":"u"${text === "{}" ? "" : ","}${text.slice(1)}`);
const jsonText = fc.jsonValue().map((value) => JSON.stringify(value));
const body = fc.oneof(withUser, objectText, jsonText, fc.string({ unit: "binary" }));

const attributes = fc.dictionary(
  fc.constantFrom("masqueue-id", "masqueue-sent", "event-id", "event-time", "__proto__"),
  fc.oneof(fc.uuid(), fc.nat().map(String), fc.string()),
);
const message = fc.record({ body, attributes, receiveCount: fc.nat(5) });

const pipelines = [userLogins, { ...userLogins, once: "event-id" as const }];
const tokenize = createHmacTokenizer(await deriveKeys(importMasterKey(Buffer.alloc(32, 7)), listIdentifiers(userLogins), "main"));

describe("any message", () => {
  test("is parsed into a message or a rejection", () => {
    fc.assert(
      fc.property(message, fc.constantFrom(...pipelines), ({ body, ...options }, pipeline) => {
        const parsed = parse(record(body, options), pipeline);
        expect(["message", "rejected"]).toContain(parsed.kind);
      }),
      { numRuns: 2_000 },
    );
  });

  test("is rejected only with a known code and a field that the pipeline names", () => {
    const allowed = [...FIELDS, "event-id", "event-time", "Message", "detail", null];
    fc.assert(
      fc.property(message, fc.constantFrom(...pipelines), ({ body, ...options }, pipeline) => {
        const parsed = parse(record(body, options), pipeline);
        fc.pre(parsed.kind === "rejected");
        expect(Object.keys(REJECTION_CODES)).toContain(parsed.code);
        expect(allowed).toContain(parsed.field);
      }),
      { numRuns: 1_000 },
    );
  });

  test("has a row that fits the table: a date, an id, tokens, and texts no longer than their columns", () => {
    fc.assert(
      fc.property(withUser, attributes, (body, attributes) => {
        const parsed = parse(record(body, { attributes }), userLogins);
        fc.pre(parsed.kind === "message");
        const cells = mask(parsed, [0], userLogins, tokenize).row.cells();
        expect(cells).toHaveLength(userLogins.columns.length + 1);
        for (const [i, column] of userLogins.columns.entries()) {
          const cell = cells[i] ?? null;
          if (column.kind === "date") expect(cell).toMatch(/^\d{4}-\d\d-\d\d$/);
          else if (column.kind === "masked") expect(cell ?? "v1.".padEnd(35, "0")).toMatch(/^v1\.[0-9a-f]{32}$/);
          else expect([...(cell ?? "")].length).toBeLessThanOrEqual(column.sql.size?.[0] ?? 0);
        }
        expect(cells.join("")).not.toContain("\0");
        expect(cells.join("").isWellFormed()).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("is parsed the same way each time, and its record does not change", () => {
    fc.assert(
      fc.property(message, ({ body, ...options }) => {
        const one = record(body, { messageId: "m-1", ...options });
        const before = structuredClone(one);
        const [first, second] = [parse(one, userLogins), parse(one, userLogins)];
        expect(JSON.stringify(first)).toBe(JSON.stringify(second));
        expect(one).toEqual(before);
      }),
    );
  });

  test("has only plain identifiers among the reported names of its unknown fields", () => {
    fc.assert(
      fc.property(fc.array(withUser, { maxLength: 6 }), (bodies) => {
        const messages = bodies.map((body) => parse(record(body), userLogins)).filter((parsed) => parsed.kind === "message");
        const count = new UnknownFieldCounter();
        for (const message of messages) count.add(message);
        for (const reported of count.total.names) expect(reported).toMatch(/^[A-Za-z_]\w{0,63}$/);
      }),
    );
  });
});
