import type { Figure } from "../figures.ts";
import { escaped } from "./escape.ts";
import { amount } from "./words.ts";

const WIDTH = 760;
const LABEL = 300;
const VALUE = 90;
const ROW = 22;
const BAR = 12;
const TOP = 26;

/** A plot of figures of one unit: a bar to the median of each, a line from its min to its max. */
export function barChart(title: string, figures: readonly Figure[]): string {
  const most = Math.max(...figures.map(({ max }) => max)) || 1;
  const x = (value: number) => LABEL + (value / most) * (WIDTH - LABEL - VALUE);
  const height = TOP + figures.length * ROW + 6;
  const rows = figures.map((figure, i) => row(figure, TOP + i * ROW, x));
  return drawing(title, { width: WIDTH, height, fontSize: 12 }, rows);
}

/** A picture of its own: white, its title at the top left. @param parts SVG elements, beneath the title's line */
export function drawing(
  title: string,
  { width, height, fontSize }: Record<"width" | "height" | "fontSize", number>,
  parts: readonly string[],
) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="${fontSize}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="0" y="16" font-size="12" font-weight="600" fill="#222222">${escaped(title)}</text>`,
    ...parts,
    "</svg>",
  ].join("\n");
}

function row({ name, unit, median, min, max, ratios }: Figure, top: number, x: (value: number) => number): string {
  const middle = top + ROW / 2;
  // What is measured stands out from what it is compared with.
  const fill = ratios.length > 0 ? "#2563a8" : "#a9b8c6";
  return [
    `<text x="${LABEL - 8}" y="${middle + 4}" text-anchor="end" fill="#222222">${escaped(name)}</text>`,
    `<rect x="${LABEL}" y="${middle - BAR / 2}" width="${px(x(median) - LABEL)}" height="${BAR}" fill="${fill}"/>`,
    `<line x1="${px(x(min))}" x2="${px(x(max))}" y1="${middle}" y2="${middle}" stroke="#222222"/>`,
    `<text x="${px(x(max) + 6)}" y="${middle + 4}" fill="#222222">${escaped(amount(median, unit))}</text>`,
  ].join("\n");
}

function px(value: number): string {
  return value.toFixed(1);
}
