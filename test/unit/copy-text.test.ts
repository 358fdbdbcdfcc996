import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { encodeRow } from "../../lambda/postgres/copy.ts";

const ESCAPED: Record<string, string> = { t: "\t", n: "\n", r: "\r", "\\": "\\" };

/** Reads a line as Postgres's manual describes the text format. */
function decode(line: string): (string | null)[] {
  return line
    .slice(0, -1)
    .split("\t")
    .map((field) => (field === "\\N" ? null : field.replace(/\\(.)/g, (_, letter: string) => ESCAPED[letter] ?? `wrong escape ${letter}`)));
}

/** Strings of characters that the format treats specially, and others. */
const hostile = fc.string({
  unit: fc.constantFrom("\\", "\t", "\n", "\r", "N", ".", "n", "t", "a", "é", "𝒳", "\u2028", "\b", "\v", "\x7f"),
});
const cell = fc.option(fc.oneof(hostile, fc.string({ unit: "binary" })), { freq: 4 });
const row = fc.array(cell, { minLength: 1, maxLength: 9 });

describe("a row in COPY's text format", () => {
  test.each([
    [["a", "b"], "a\tb\n"],
    [["a", null, "b"], "a\t\\N\tb\n"],
    [[null, null], "\\N\t\\N\n"],
    [["", "a", ""], "\ta\t\n"],
    [["", "", ""], "\t\t\n"],
    [[""], "\n"],
    [["\\N"], "\\\\N\n"],
    [["\\."], "\\\\.\n"],
    [["tab\there"], "tab\\there\n"],
    [["line\nfeed", "carriage\rreturn"], "line\\nfeed\tcarriage\\rreturn\n"],
    [["C:\\temp\\new"], "C:\\\\temp\\\\new\n"],
    [["naïve 𝒳"], "naïve 𝒳\n"],
  ])("is written as a line: %j becomes %j", (cells, line) => {
    expect(encodeRow(cells)).toBe(line);
  });

  test("is read back unchanged for any strings", () => {
    fc.assert(
      fc.property(row, (cells) => expect(decode(encodeRow(cells))).toEqual(cells)),
      { numRuns: 2_000 },
    );
  });

  test("is one line, and never the line that ends the data", () => {
    fc.assert(
      fc.property(row, (cells) => {
        const line = encodeRow(cells);
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(line).not.toContain("\r");
        expect(line).not.toBe("\\.\n");
      }),
    );
  });

  test("has as many fields as the row has cells, so that no column shifts", () => {
    fc.assert(fc.property(row, (cells) => expect(encodeRow(cells).split("\t")).toHaveLength(cells.length)));
  });
});
