import type { SuiteName } from "../suites/suite.ts";
import { type Figure, formatNumber, type Unit } from "./figures.ts";
import type { Result } from "./result.ts";

/** A bar chart of figures that share a unit. */
export interface Picture {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly suite: SuiteName;
  readonly title: string;
  readonly svg: string;
}

/** Which figures a picture shows. */
interface Selection extends Pick<Picture, "name" | "suite" | "title"> {
  readonly groups: RegExp;
  readonly unit: Unit;
}

const PICTURES: readonly Selection[] = [
  { name: "store-1000", suite: "store", title: "Store: batches of 1,000 (rows/s)", groups: /^batches of 1,000$/, unit: "rows/s" },
  { name: "store-10", suite: "store", title: "Store: batches of 10 (rows/s)", groups: /^batches of 10$/, unit: "rows/s" },
  { name: "distance", suite: "distance", title: "Distance: 2 ms away, batches of 1,000 (rows/s)", groups: /of 1,000$/, unit: "rows/s" },
  { name: "mixed", suite: "mixed", title: "Mixed: batches of 1,000 with some special messages (rows/s)", groups: /./, unit: "rows/s" },
  { name: "growth", suite: "growth", title: "Growth: a growing table, batches of 1,000 (rows/s)", groups: /^table/, unit: "rows/s" },
  { name: "start", suite: "start", title: "Start: process start to ready, and to first response (ms)", groups: /^start/, unit: "ms" },
];

/** The pictures of the suites that ran. */
export function drawPictures({ suites }: Pick<Result, "suites">): Picture[] {
  return PICTURES.flatMap(({ name, suite, title, groups, unit }) => {
    const figures = suites[suite]?.filter((figure) => groups.test(figure.group) && figure.unit === unit) ?? [];
    return figures.length > 0 ? [{ name, suite, title, svg: drawBars(title, figures) }] : [];
  });
}

const WIDTH = 760;
const LABEL = 300;
const VALUE = 90;
const ROW = 22;
const BAR = 12;
const TOP = 26;

/** A bar as long as each median, with a line from min to max. */
function drawBars(title: string, figures: readonly Figure[]): string {
  const largest = Math.max(...figures.map(({ max }) => max)) || 1;
  const toX = (value: number) => LABEL + (value / largest) * (WIDTH - LABEL - VALUE);
  const height = TOP + figures.length * ROW + 6;
  const hasGroups = new Set(figures.map(({ group }) => group)).size > 1;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escapeMarkup(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="0" y="16" font-weight="600" fill="#222222">${escapeMarkup(title)}</text>`,
    ...figures.map((figure, i) => drawBar(figure, hasGroups, TOP + i * ROW + ROW / 2, toX)),
    "</svg>",
  ].join("\n");
}

function drawBar({ group, name, median, min, max, ratios }: Figure, hasGroups: boolean, y: number, toX: (value: number) => number): string {
  const label = hasGroups && group !== name ? `${group}: ${name}` : name;
  // The subject stands out from what it is compared with.
  const fill = ratios.length > 0 ? "#2563a8" : "#a9b8c6";
  const px = (value: number) => value.toFixed(1);
  return [
    `<text x="${LABEL - 8}" y="${y + 4}" text-anchor="end" fill="#222222">${escapeMarkup(label)}</text>`,
    `<rect x="${LABEL}" y="${y - BAR / 2}" width="${px(toX(median) - LABEL)}" height="${BAR}" fill="${fill}"/>`,
    `<line x1="${px(toX(min))}" x2="${px(toX(max))}" y1="${y}" y2="${y}" stroke="#222222"/>`,
    `<text x="${px(toX(max) + 6)}" y="${y + 4}" fill="#222222">${formatNumber(median)}</text>`,
  ].join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Escapes text for SVG, both between tags and in attributes. */
function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
