import { expect, test } from "@jest/globals";
import { ERRORS } from "../../lambda/errors.ts";
import { REJECTION_CODES } from "../../lambda/rows/outcome.ts";
import { readTable } from "../support/markdown.ts";

const readCodes = (head: string) => readTable("docs/operate.md", head).map((row) => row.map((cell) => cell.replaceAll("`", "")));

test("docs/operate.md lists every code of a failed batch with what happened and what to do, as lambda/errors.ts defines them", () => {
  expect(readCodes("code | what happened | what to do |")).toEqual(
    Object.entries(ERRORS).map(([code, { happened, action }]) => [code, happened, action]),
  );
});

test("docs/operate.md lists every code of a rejected message with its meaning, as lambda/rows/outcome.ts defines it", () => {
  expect(readCodes("code | what is wrong |")).toEqual(Object.entries(REJECTION_CODES));
});
