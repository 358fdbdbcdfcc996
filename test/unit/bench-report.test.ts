import { describe, expect, test } from "@jest/globals";
import { figure } from "../../bench/figures.ts";
import { escaped } from "../../bench/report/escape.ts";
import { htmlReport } from "../../bench/report/html.ts";
import { jsonReport } from "../../bench/report/json.ts";
import { markdownTables, withTables } from "../../bench/report/markdown.ts";
import { plotsOf } from "../../bench/report/plots.ts";
import type { Result } from "../../bench/report/result.ts";
import { terminalReport } from "../../bench/report/terminal.ts";
import { verdictsOn } from "../../bench/targets.ts";

const where = { part: "A", group: `batches of 1,000`, unit: "rows/s" } as const;
const HOSTILE = `<script>"&'|`;

function result(name = "COPY of ready rows"): Result {
  const figures = [figure(where, "function", [150_000, 160_000], { limit: [200_000, 200_000] }), figure(where, name, [200_000])];
  return {
    machine: {
      date: "2026-03-01 12:00 UTC",
      command: "npm run bench -- --quick",
      node: "v24.0.0",
      cpu: `2 x ${HOSTILE}`,
      memory: "8 GiB",
      system: "Linux",
      data: "/tmp",
      load: "0.1",
      postgres: "18.4",
      settings: { fsync: "on" },
    },
    scale: "quick",
    seconds: 12.3,
    figures,
    notes: { A: [`a note of ${HOSTILE}`] },
    plots: [],
    verdicts: verdictsOn(figures),
  };
}

test("what HTML would read as markup is escaped", () => {
  expect(escaped(HOSTILE)).toBe("&lt;script&gt;&quot;&amp;&#39;|");
});

describe("every report shows", () => {
  const reports: [string, string][] = [
    ["terminal", terminalReport(result())],
    ["HTML", htmlReport(result())],
    ["Markdown", markdownTables(result(), "performance")],
  ];
  for (const [kind, text] of reports) {
    test(`median, min, max and ratio, the machine, its settings and the targets: ${kind}`, () => {
      for (const shown of ["155,000", "150,000", "160,000", "0.78 x limit (0.75 to 0.80)", "fsync on", "v24.0.0", "2026-03-01"]) {
        expect(text).toContain(shown);
      }
      expect(text).toMatch(/batches of 1,000, against limit.*at least 0\.75 x.*0\.78.*reached/);
      expect(text).toContain("not measured");
    });
  }
});

test("JSON keeps figures and verdicts as they are", () => {
  const { figures, verdicts } = JSON.parse(jsonReport(result())) as Result;
  expect(figures[0]).toMatchObject({ name: "function", median: 155_000, ratios: [{ to: "limit", median: 0.775 }] });
  expect(verdicts[0]).toMatchObject({ value: 0.775, isReached: true });
});

describe("the HTML page", () => {
  test("takes no text for markup", () => {
    const page = htmlReport(result(HOSTILE));
    expect(page).not.toContain("<script");
    expect(page).toContain(`a note of ${escaped(HOSTILE)}`);
  });

  test("needs nothing from elsewhere", () => {
    const urls = [...htmlReport(result()).matchAll(/(?:https?:)?\/\/[^"'\s<]+/g)].map(([url]) => url);
    expect(new Set(urls)).toEqual(new Set(["http://www.w3.org/2000/svg"]));
    expect(htmlReport(result())).not.toMatch(/<(?:link|img|script|iframe)|\b(?:src|href)=|@import|url\(/);
  });

  test("plots figures of one group and unit together", () => {
    const [plot, ...more] = plotsOf(result());
    expect(more).toEqual([]);
    expect(plot?.slug).toBe("a-batches-of-1-000-rows-s");
    expect(plot?.svg.match(/<rect [^>]*fill="#(?!ffffff)/g)).toHaveLength(2);
    expect(htmlReport(result())).toContain(plot?.svg ?? "");
  });
});

test("what a part drew itself stands in its section, and not among the figures for programs", () => {
  const drawn: Result = { ...result(), plots: [{ part: "A", slug: "a-drawing", title: "Store: a drawing", svg: "<svg>drawn</svg>" }] };
  expect(htmlReport(drawn)).toContain("<svg>drawn</svg>");
  expect(markdownTables(drawn, "performance")).toContain("![Store: a drawing](performance/a-drawing.svg)");
  expect(jsonReport(drawn)).not.toContain("drawn");
});

describe("the page of the documentation", () => {
  const page = (between: string) =>
    `# Performance\n\n<!-- Written by \`npm run bench -- --docs\`; the next such run replaces it. -->${between}<!-- End of what the benchmark wrote. -->\nafter\n`;

  test("gets new tables in the place of the old ones", () => {
    const once = withTables(page("old tables"), "new tables");
    expect(once).toBe(page("\n\nnew tables\n\n"));
    expect(withTables(once, "newer tables")).toBe(page("\n\nnewer tables\n\n"));
  });

  test("without a place for them is refused", () => {
    expect(() => withTables("# Performance", "tables")).toThrow("no place");
  });

  test("keeps a cell in its cell", () => {
    const row = markdownTables(result("a | b"), "performance")
      .split("\n")
      .find((line) => line.includes("a \\| b"));
    expect(row?.replaceAll("\\|", "").split("|")).toHaveLength(9);
  });
});
