import { describe, expect, test } from "@jest/globals";
import { parse } from "../../lambda/ingest/parse.ts";
import { reveal } from "../../lambda/masking/sensitive.ts";
import type { ColumnSpec } from "../../lambda/pipelines/columns.ts";
import { bigint, exact, integer, json, masked, numeric, text, timestamp } from "../../lambda/pipelines/pipeline.ts";
import { REJECTION_CODES } from "../../lambda/rows/outcome.ts";
import { declareOne, evaluateColumn, readLines } from "../support/columns.ts";
import { record } from "../support/records.ts";

/** Returns the text that is stored for a field `x` (for a masked column the text that is masked), or the code of its rejection. */
function readField(column: ColumnSpec, sent: string): string | null | undefined {
  const parsed = parse(record(`{"x":${sent}}`), declareOne(column));
  return parsed.kind === "message" ? reveal(parsed.values)[0] : parsed.code;
}

const lines = readLines();

describe("the table of docs/pipelines.md", () => {
  test.each(lines.filter(({ column }) => !column.startsWith("masked")))("is right: $column takes $sent as $result", (line) => {
    expect(readField(evaluateColumn(line.column), line.sent)).toBe(line.result);
  });

  test("has accepted and refused values of each kind that reads a field", () => {
    const isCode = (result: string | null) => Object.hasOwn(REJECTION_CODES, result ?? "");
    for (const kind of ["text", "integer", "bigint", "numeric", "boolean", "date", "timestamp", "uuid", "json", "masked"]) {
      const results = lines.filter(({ column }) => column.startsWith(`${kind}(`)).map(({ result }) => isCode(result));
      expect({ kind, results: new Set(results) }).toEqual({ kind, results: new Set([true, false]) });
    }
  });
});

describe("the digits of a JSON number", () => {
  test.each([
    ["bigint", bigint(), "-9007199254740993"],
    ["numeric", numeric({ precision: 40, scale: 20 }), "12345678901234567890.12345678901234567891"],
    ["masked", masked({ from: "x", as: exact("id"), numbers: true }), "123456789012345678901234567890"],
  ])("are kept beyond 2^53 by %s", (_kind, column, digits) => {
    expect(readField(column, digits)).toBe(digits);
  });

  test("are kept in a member of json, in a list, too", () => {
    const sent = '{"a":12345678901234567890,"b":[0.12345678901234567891,1e400]}';
    expect(readField(json({ pick: ["a", "b"] }), sent)).toBe(sent);
  });

  test("are kept for a time in unix microseconds", () => {
    expect(readField(timestamp({ unix: "seconds" }), "1772366400.123456")).toBe("2026-03-01T12:00:00.123456Z");
  });

  test.each(["0", "0.0", "-0", "-0.00e5", "0e99"])("are those of 0 for every spelling of it: %s", (zero) => {
    const columns = [bigint(), integer(), numeric({ precision: 3, scale: 1 }), masked({ from: "x", as: exact("id"), numbers: true })];
    for (const column of columns) expect(readField(column, zero)).toBe("0");
  });

  test.each(["1e3", "1000", "1000.0", "1000.00000000000000000000", "1.0E+3"])(
    "are the same for every spelling of a number: %s",
    (thousand) => {
      for (const column of [masked({ from: "x", as: exact("id"), numbers: true }), text({ max: 9, numbers: true }), bigint()])
        expect(readField(column, thousand)).toBe("1000");
    },
  );

  test("are not rounded to a value that fits", () => {
    expect(readField(bigint(), "9223372036854775807.5")).toBe("wrong_type");
    expect(readField(bigint(), "9007199254740993.00000000000000000001")).toBe("wrong_type");
    expect(readField(numeric({ precision: 3, scale: 2 }), "0.99999999999999999999")).toBe("out_of_range");
    expect(readField(numeric({ precision: 3, scale: 2 }), "1e-400")).toBe("out_of_range");
  });
});

describe("a range", () => {
  test("includes its ends, to the last digit of a bigint", () => {
    const column = bigint({ min: -(2n ** 60n), max: 2n ** 60n });
    expect(readField(column, String(2n ** 60n))).toBe(String(2n ** 60n));
    expect(readField(column, String(2n ** 60n + 1n))).toBe("out_of_range");
    expect(readField(column, String(-(2n ** 60n)))).toBe(String(-(2n ** 60n)));
    expect(readField(column, String(-(2n ** 60n) - 1n))).toBe("out_of_range");
  });

  test("of decimals includes its ends", () => {
    const column = numeric({ precision: 4, scale: 2, min: 0.1, max: 0.3 });
    expect(["0.09", "0.10", "0.3", "0.31"].map((sent) => readField(column, sent))).toEqual(["out_of_range", "0.1", "0.3", "out_of_range"]);
  });
});

describe("json", () => {
  test("stores only own members that are named, in the order of their names", () => {
    const sent = '{"b":true,"ip":"192.0.2.7","a":null,"__proto__":{"c":1}}';
    expect(readField(json({ pick: ["a", "b", "c", "toString"] }), sent)).toBe('{"a":null,"b":true}');
    expect(readField(json({ pick: ["__proto__"] }), '{"__proto__":["x"]}')).toBe('{"__proto__":["x"]}');
  });

  test.each(['{"a":"\\u0000"}', '{"a":["x","\\u0000"]}'])("refuses a NUL in a member: %s", (sent) => {
    expect(readField(json({ pick: ["a"] }), sent)).toBe("nul_character");
  });

  test.each(['{"a":"\\ud800"}', '{"a":["\\udc00\\ud800"]}'])("refuses a lone surrogate in a member: %s", (sent) => {
    expect(readField(json({ pick: ["a"] }), sent)).toBe("lone_surrogate");
  });

  test.each(['{"a":{}}', '{"a":[{}]}', '{"a":[[]]}', "[1]", "1", "12345678901234567890"])(
    "refuses objects and nested lists: %s",
    (sent) => {
      expect(readField(json({ pick: ["a"] }), sent)).toBe("wrong_type");
    },
  );
});
