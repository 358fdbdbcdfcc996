import { describe, expect, test } from "@jest/globals";
import { parse } from "../../lambda/ingest/parse.ts";
import { reveal } from "../../lambda/masking/sensitive.ts";
import type { ColumnSpec } from "../../lambda/pipelines/columns.ts";
import { bigint, constant, date, definePipeline, exact, json, masked, meta, text, timestamp } from "../../lambda/pipelines/pipeline.ts";
import { declareOne } from "../support/columns.ts";
import { type RecordOptions, record, SENT } from "../support/records.ts";

/** The stored text of column `x` and the undeclared fields of a body; or its rejection. */
function read(x: ColumnSpec, body: unknown, options: RecordOptions = {}) {
  const parsed = parse(record(body, options), declareOne(x));
  if (parsed.kind === "rejected") return `${parsed.code} ${parsed.field}`;
  return { x: reveal(parsed.values)[0], unknown: reveal(parsed.unknownFields) };
}

describe("a path", () => {
  const email = text({ from: "customer.email", max: 99 });

  test("leads into objects", () => {
    expect(read(email, { customer: { email: "a" } })).toEqual({ x: "a", unknown: [] });
    expect(read(text({ from: "a.b.c.d", max: 9 }), { a: { b: { c: { d: "deep" } } } })).toEqual({ x: "deep", unknown: [] });
  });

  test.each([
    [{}, []],
    [{ customer: null }, []],
    [{ customer: {} }, []],
    [{ customer: "a" }, ["customer"]],
    [{ customer: 1 }, ["customer"]],
    [{ customer: [{ email: "a" }] }, ["customer"]],
    [{ "customer.email": "a" }, ["customer.email"]],
    [{ customer: { email: null, age: 3, phone: { home: "1" } }, ip: "x" }, ["customer.age", "customer.phone", "ip"]],
  ])("finds nothing in %j, and what lies in its way is counted", (body, unknown) => {
    expect(read(email, body)).toEqual({ x: null, unknown });
    expect(read(text({ from: "customer.email", max: 99, required: true }), body)).toBe("missing_field customer.email");
  });

  test.each(["toString", "constructor", "__proto__", "constructor.name", "__proto__.polluted", "length", "customer.length"])(
    "does not find inherited members: %s",
    (from) => {
      expect(read(text({ from, max: 9 }), { customer: "abc" })).toMatchObject({ x: null });
      expect(read(text({ from, max: 9 }), '{"customer":["a"],"hasOwnProperty":1}')).toMatchObject({ x: null });
    },
  );

  test("finds an own member called __proto__", () => {
    expect(read(text({ from: "__proto__.email", max: 9 }), '{"__proto__":{"email":"a"}}')).toEqual({ x: "a", unknown: [] });
  });

  test("does not lead into a number whose digits are kept", () => {
    expect(read(bigint({ from: "a.rawJSON" }), '{"a":12345678901234567890}')).toEqual({ x: null, unknown: ["a"] });
  });

  test("may end at an object of which json picks members: the others are undeclared", () => {
    const color = json({ from: "a.b", pick: ["color"] });
    expect(read(color, { a: { b: { color: "red", ip: "x" } } })).toEqual({ x: '{"color":"red"}', unknown: ["a.b.ip"] });
  });
});

describe("a required field", () => {
  test.each([masked({ from: "x", as: exact("id"), required: true }), json({ pick: ["a"], required: true }), timestamp({ required: true })])(
    "of kind $kind rejects a message without it",
    (column) => {
      expect(read(column, {})).toBe("missing_field x");
      expect(read(column, { x: null })).toBe("missing_field x");
    },
  );
});

describe("a limit of dates", () => {
  const limited = timestamp({ notBefore: "-1 day", notAfter: "+1 day" });
  const at = (x: string, sent = SENT) => {
    const result = read(limited, { x }, { sent });
    return typeof result === "string" ? result : result.x;
  };

  test("counts whole days in UTC from the day of sending", () => {
    expect(at("2026-02-28T00:00:00Z")).toBe("2026-02-28T00:00:00Z");
    expect(at("2026-02-27T23:59:59.999999Z")).toBe("bad_date x");
    expect(at("2026-03-02T23:59:59.999999Z")).toBe("2026-03-02T23:59:59.999999Z");
    expect(at("2026-03-03T00:00:00Z")).toBe("bad_date x");
    expect(at("2026-03-03T00:30:00+01:00")).toBe("2026-03-02T23:30:00Z");
  });

  test("counts from the first sending of a redriven message", () => {
    const attributes = { "masqueue-sent": String(Date.UTC(2025, 0, 1)) };
    expect(read(limited, { x: "2025-01-01" }, { attributes })).toMatchObject({ x: "2025-01-01T00:00:00Z" });
    expect(read(limited, { x: "2026-03-01" }, { attributes })).toBe("bad_date x");
  });

  test("that is relative does not hold if the time of sending is unknown, and one that is absolute does", () => {
    expect(at("2999-01-01", Number.NaN)).toBe("missing_field created_on");
    const both = declareOne(timestamp({ notBefore: "2015-01-01", notAfter: "+1 day" }));
    const parsed = (x: string) => parse(record({ x, created_on: "2026-03-01" }, { sent: Number.NaN }), both);
    expect(parsed("2999-01-01").kind).toBe("message");
    expect(parsed("2014-12-31")).toMatchObject({ code: "bad_date", field: "x" });
  });

  test("holds for the date of the key, in the body and in event-time", () => {
    const pipeline = definePipeline({
      ...{ name: "p", table: "p", once: "event-id" },
      columns: { day: date({ from: "at", otherwise: "sent", notBefore: "2015-01-01", notAfter: "+1 day" }) },
    });
    const attributes = (time: string) => ({ attributes: { "event-id": "e", "event-time": time } });
    expect(parse(record({ at: "2999-01-01" }), pipeline)).toMatchObject({ code: "bad_date", field: "at" });
    expect(parse(record({}, attributes("2999-01-01")), pipeline)).toMatchObject({ code: "bad_date", field: "event-time" });
    expect(parse(record({}, attributes("2026-03-02")), pipeline)).toMatchObject({ key: { date: "2026-03-02" } });
  });
});

describe("a column without a field", () => {
  const REDRIVEN = {
    attributes: { "masqueue-id": "7bd61c09-1a2b-4c3d-8e4f-5a6b7c8d9e0f", "masqueue-sent": String(SENT - 86_400_000 + 7) },
  };

  test("of a constant holds its text, and a field of its name is undeclared", () => {
    expect(read(constant("shop"), { x: "other" })).toEqual({ x: "shop", unknown: ["x"] });
  });

  test("of the sent time holds the first sending, in milliseconds, also after our redrive", () => {
    expect(read(meta("sent"), {}, { sent: SENT + 123 })).toMatchObject({ x: "2026-03-01T12:00:00.123Z" });
    expect(read(meta("sent"), {}, REDRIVEN)).toMatchObject({ x: "2026-02-28T12:00:00.007Z" });
  });

  test("of the received time holds the first delivery, of the message id the one of SQS", () => {
    expect(read(meta("receivedAt"), {}, { sent: SENT + 5, ...REDRIVEN })).toMatchObject({ x: "2026-03-01T12:00:00.005Z" });
    expect(read(meta("messageId"), {}, { messageId: "m-1", ...REDRIVEN })).toMatchObject({ x: "m-1" });
  });

  test.each(["", "soon", "-1", "1e3"])("of a time is NULL if SQS's is %j", (time) => {
    const one = record({ created_on: "2026-03-01" });
    const broken = { ...one, attributes: { ...one.attributes, SentTimestamp: time, ApproximateFirstReceiveTimestamp: time } };
    for (const property of ["sent", "receivedAt"] as const) {
      const parsed = parse(broken, declareOne(meta(property)));
      expect(parsed.kind === "message" && reveal(parsed.values)[0]).toBeNull();
    }
  });
});
