import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Reads a page of the repository. */
function readPage(page: string): string {
  return readFileSync(join(import.meta.dirname, "../..", page), "utf8");
}

/** Reads the cells of the table whose header row begins with these words. Code keeps its backticks. */
export function readTable(page: string, head: string): string[][] {
  const lines = readPage(page).split("\n");
  const start = lines.findIndex((line) => line.replace(/\s+/g, " ").startsWith(`| ${head}`));
  const end = lines.findIndex((line, i) => i > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Reads the code blocks of a language, without their indentation. */
export function readCode(page: string, language: string): string[] {
  const blocks = readPage(page).matchAll(new RegExp(`^( *)\`\`\`${language}\n(.*?)^ *\`\`\`$`, "gms"));
  return Array.from(blocks, ([, indent = "", code = ""]) => code.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
}
