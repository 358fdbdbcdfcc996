import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { compare } from "../../bench/report/figures.ts";
import { renderReport, updatePage } from "../../bench/report/markdown.ts";
import { drawPictures } from "../../bench/report/pictures.ts";
import type { Result } from "../../bench/report/result.ts";

const DOCS = join(import.meta.dirname, "../../docs");
const HOSTILE = `<script>"&'|`;

function makeResult(baseline = "COPY"): Result {
  const group = { group: "batches of 1,000", unit: "rows/s" } as const;
  return {
    machine: { date: "2026-03-01 12:00 UTC", node: "v24.0.0", settings: "fsync=on" },
    scale: "quick",
    seconds: 12.3,
    suites: { store: compare(group, [150_000, 160_000], { [baseline]: [200_000, 200_000] }) },
  };
}

describe("the report", () => {
  const report = renderReport(makeResult());

  test("shows median, min, max and ratio, the machine, and the targets", () => {
    for (const shown of ["155,000", "150,000 to 160,000", "200,000", "fsync=on", "v24.0.0", "2026-03-01", "12 s (quick)"]) {
      expect(report).toContain(shown);
    }
    expect(report).toMatch(/\| - to COPY +\| 0\.78 +\| 0\.75 to 0\.80 +\| x/);
    expect(report).toMatch(/batches of 1,000: function to COPY +\| at least 0\.75 x +\| 0\.78 +\| reached/);
    expect(report).toContain("not measured");
  });

  test("shows pictures only if it knows their folder", () => {
    expect(report).not.toContain("![");
    expect(renderReport(makeResult(), "performance")).toContain("![Store: batches of 1,000 (rows/s)](performance/store-1000.svg)");
  });

  test("leaves out suites that did not run", () => {
    expect(report).toContain("### Store");
    expect(report).not.toContain("### Mask");
  });

  test("keeps a cell in its cell, in columns of even width", () => {
    const lines = renderReport(makeResult("a | b")).split("\n");
    const row = lines.find((line) => line.includes("| a \\| b"));
    expect(row?.replaceAll("\\|", "").split("|")).toHaveLength(7);
    const store = lines.slice(lines.indexOf("### Store") + 2, lines.indexOf("### Targets") - 1);
    expect(new Set(store.map((line) => line.length)).size).toBe(1);
  });
});

describe("a picture", () => {
  test("shows the figures of its group, the function in another colour", () => {
    const [picture, ...more] = drawPictures(makeResult());
    expect(more).toEqual([]);
    expect(picture?.name).toBe("store-1000");
    expect(picture?.svg.match(/<rect [^>]*fill="#(?!ffffff)/g)).toHaveLength(2);
    expect(picture?.svg.match(/fill="#2563a8"/g)).toHaveLength(1);
  });

  test("takes no text for markup", () => {
    const [picture] = drawPictures(makeResult(HOSTILE));
    expect(picture?.svg).not.toContain("<script");
    expect(picture?.svg).toContain("&lt;script&gt;&quot;&amp;&#39;|");
  });

  test("needs nothing from elsewhere", () => {
    const svg = drawPictures(makeResult())[0]?.svg ?? "";
    const urls = [...svg.matchAll(/(?:https?:)?\/\/[^"'\s<]+/g)].map(([url]) => url);
    expect(urls).toEqual(["http://www.w3.org/2000/svg"]);
    expect(svg).not.toMatch(/<(?:script|style|image|foreignObject)|href|url\(/);
  });
});

describe("the page of the documentation", () => {
  const makePage = (summary: string, report: string) =>
    [
      "# Performance",
      `<!-- summary: written by \`npm run bench -- --docs\` -->${summary}<!-- end of summary -->`,
      "between",
      `<!-- report: written by \`npm run bench -- --docs\` -->${report}<!-- end of report -->`,
      "after",
    ].join("\n");

  test("gets a new summary and report in the place of the old ones", () => {
    const updated = updatePage(makePage("old", "old"), makeResult(), "performance");
    expect(updated).toMatch(/one function, batches of 1,000 +\| 155,000 rows\/s/);
    expect(updated).toContain(renderReport(makeResult(), "performance"));
    expect(updated).not.toContain("old");
    for (const kept of ["# Performance\n", "\nbetween\n", "\nafter"]) expect(updated).toContain(kept);
    expect(updatePage(updated, makeResult(), "performance")).toBe(updated);
  });

  test("without a place for them is refused", () => {
    expect(() => updatePage("# Performance", makeResult(), "performance")).toThrow("The page lacks the lines");
  });

  test("has its marks, and every picture that the report can draw", () => {
    const page = readFileSync(join(DOCS, "performance.md"), "utf8");
    expect(() => updatePage(page, makeResult(), "performance")).not.toThrow();
    const shown = [...page.matchAll(/\(performance\/([\w-]+\.svg)\)/g)].map(([, file]) => file);
    expect(readdirSync(join(DOCS, "performance")).sort()).toEqual([...new Set(shown)].sort());
    expect(shown).toContain("store-1000.svg");
  });
});
