import { SUITE_NAMES } from "../suites/suite.ts";
import { type Figure, formatNumber, type Range } from "./figures.ts";
import { drawPictures } from "./pictures.ts";
import { type FigureName, findMedian, type Result } from "./result.ts";
import { checkTargets } from "./targets.ts";

/** The figures that the documentation's page begins with. */
const SUMMARY: readonly (FigureName & { readonly text: string })[] = [
  { text: "one function, batches of 1,000", suite: "store", group: "batches of 1,000", name: "function" },
  { text: "compared with one `INSERT` per row", suite: "store", group: "batches of 1,000", name: "function", to: "row by row" },
  { text: "2 ms from the database", suite: "distance", group: "2 ms, batches of 1,000", name: "function" },
  { text: "a million rows, compared with none", suite: "growth", group: "table of 1,000,000 rows", name: "function", to: "empty table" },
  { text: "process start to first response", suite: "start", group: "start to first response", name: "function" },
];

/** @param folder of the pictures. @default none: without pictures */
export function renderReport(result: Result, folder?: string): string {
  const { machine, scale, seconds } = result;
  const pictures = folder === undefined ? [] : drawPictures(result);
  const suites = SUITE_NAMES.flatMap((name) => {
    const rows = blankRepeats((result.suites[name] ?? []).flatMap(toRows));
    const images = pictures.filter(({ suite }) => suite === name).map((picture) => `![${picture.title}](${folder}/${picture.name}.svg)`);
    if (rows.length === 0) return [];
    const title = `### ${name[0]?.toUpperCase()}${name.slice(1)}`;
    return [title, ...images, renderTable(["", "", "median", "min to max", "unit"], rows)];
  });
  return [
    renderTable(["", ""], [...Object.entries(machine), ["took", `${Math.round(seconds)} s (${scale})`]]),
    ...suites,
    "### Targets",
    renderTable(["suite", "median of", "target", "measured", ""], toTargetRows(result)),
  ].join("\n\n");
}

/**
 * Puts the summary and the report of a run between the page's marks.
 * @param folder of the pictures, relative to the page
 * @throws TypeError if the page lacks a mark
 */
export function updatePage(page: string, result: Result, folder: string): string {
  const summary = SUMMARY.flatMap(({ text, ...name }) => {
    const median = findMedian(result, name);
    return median ? [[text, `${formatNumber(median.value)} ${median.unit}`]] : [];
  });
  return replaceBlock(replaceBlock(page, "summary", renderTable(["", "median"], summary)), "report", renderReport(result, folder));
}

function replaceBlock(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: written by \`npm run bench -- --docs\` -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new TypeError(`The page lacks the lines ${begin} and ${end}, between which the ${name} goes.`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}

/** A row for the figure, and one for each of its ratios. */
function toRows({ group, name, unit, ratios, ...range }: Figure): string[][] {
  const toCells = ({ median, min, max }: Range, format: (value: number) => string) => [format(median), `${format(min)} to ${format(max)}`];
  const ratioRows = ratios.map(({ to, ...ratio }) => [group, `- to ${to}`, ...toCells(ratio, formatRatio), "x"]);
  return [[group, name, ...toCells(range, formatNumber), unit], ...ratioRows];
}

/** Leaves a group's name in its first row only. */
function blankRepeats(rows: string[][]): string[][] {
  return rows.map((row, i) => (row[0] === rows[i - 1]?.[0] ? ["", ...row.slice(1)] : row));
}

function toTargetRows(result: Result): string[][] {
  return checkTargets(result).map(({ target: { suite, group, name, to, atLeast, atMost }, value, isReached }) => {
    const unit = to === undefined ? "" : " x";
    const bound = atLeast === undefined ? `at most ${atMost}${unit}` : `at least ${atLeast}${unit}`;
    const verdict = isReached === undefined ? "not measured" : isReached ? "reached" : "not reached";
    const measured = value === undefined ? "" : formatRatio(value);
    return [suite, `${group}: ${name}${to === undefined ? "" : ` to ${to}`}`, bound, measured, verdict];
  });
}

function formatRatio(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}

/** With columns of even width, because the terminal shows it, too. */
function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = [head, head.map(() => ""), ...rows].map((row) => row.map((text) => text.replaceAll("|", "\\|")));
  const widths = head.map((_, i) => Math.max(3, ...table.map((row) => row[i]?.length ?? 0)));
  const renderRow = (row: readonly string[], fill: string) =>
    `| ${widths.map((width, i) => (row[i] ?? "").padEnd(width, fill)).join(" | ")} |`;
  return table.map((row, i) => renderRow(row, i === 1 ? "-" : " ")).join("\n");
}
