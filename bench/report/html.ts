import { PARTS, type Part } from "../figures.ts";
import { escaped } from "./escape.ts";
import { plotsOf } from "./plots.ts";
import type { Result } from "./result.ts";
import { cellsOf, factsOf, HEAD, TARGET_HEAD, targetCells } from "./words.ts";

const STYLE = `
body { font: 14px/1.5 system-ui, sans-serif; color: #222; max-width: 1100px; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse; margin: 1em 0 }
td, th { border-bottom: 1px solid #ddd; padding: 3px 10px; text-align: left; vertical-align: top; white-space: pre-line }
td.number { text-align: right; font-variant-numeric: tabular-nums }
td.missed { color: #b00020; font-weight: 600 }
svg { display: block; margin: 1em 0; max-width: 100%; height: auto }`;

/** The run as one page that needs nothing else: tables, and plots as inline SVG. */
export function htmlReport(result: Result): string {
  const { figures, notes, machine, verdicts, seconds, scale } = result;
  const plots = plotsOf(result);
  const parts = (Object.keys(PARTS) as Part[]).filter((part) => figures.some((figure) => figure.part === part));
  const sections = parts.map((part) =>
    [
      `<h2>${part}. ${PARTS[part]}</h2>`,
      tableOf(HEAD, figures.filter((figure) => figure.part === part).map(cellsOf), [2, 3, 4]),
      ...(notes[part] ?? []).map((note) => `<p>${escaped(note)}</p>`),
      ...plots.filter((plot) => plot.part === part).map(({ svg }) => svg),
    ].join("\n"),
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Masqueue: benchmark</title>',
    `<style>${STYLE}</style></head><body>`,
    "<h1>Masqueue: benchmark</h1>",
    tableOf(["", ""], [...factsOf(machine), ["took", `${Math.round(seconds)} s (${scale})`]]),
    "<h2>Targets</h2>",
    tableOf(TARGET_HEAD, verdicts.map(targetCells), [3]),
    ...sections,
    "</body></html>\n",
  ].join("\n");
}

/** @param numbers columns that are aligned to the right */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[], numbers: readonly number[] = []): string {
  const classOf = (text: string, i: number) => (numbers.includes(i) ? ' class="number"' : text === "not reached" ? ' class="missed"' : "");
  const cell = (text: string, i: number) => `<td${classOf(text, i)}>${escaped(text)}</td>`;
  const body = rows.map((row) => `<tr>${row.map(cell).join("")}</tr>`);
  return `<table><tr>${head.map((text) => `<th>${escaped(text)}</th>`).join("")}</tr>\n${body.join("\n")}</table>`;
}
