import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ERRORS } from "../../lambda/errors.ts";
import { REJECTION_CODES } from "../../lambda/rows/outcome.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/operate.md"), "utf8");

/** Reads the cells of the table whose header row begins with these words. */
function readTable(head: string): string[][] {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => line.replace(/\s+/g, " ").startsWith(`| ${head}`));
  const end = lines.findIndex((line, i) => i > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

test("docs/operate.md lists every code of a failed batch with what happened and what to do, as lambda/errors.ts defines them", () => {
  expect(readTable("code | what happened | what to do |")).toEqual(
    Object.entries(ERRORS).map(([code, { happened, action }]) => [code, happened, action]),
  );
});

test("docs/operate.md lists every code of a rejected message with its meaning, as lambda/rows/outcome.ts defines it", () => {
  expect(readTable("code | what is wrong |")).toEqual(Object.entries(REJECTION_CODES));
});
