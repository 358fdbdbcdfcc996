import { PARTS, type Part } from "../figures.ts";
import { plotsOf } from "./plots.ts";
import type { Result } from "./result.ts";
import { cellsOf, factsOf, HEAD, TARGET_HEAD, targetCells } from "./words.ts";

const BEGIN = "<!-- Written by `npm run bench -- --docs`; the next such run replaces it. -->";
const END = "<!-- End of what the benchmark wrote. -->";

/** @param folder of the plots' files, as the page names it */
export function markdownTables(result: Result, folder: string): string {
  const { figures, notes, machine, verdicts, seconds, scale } = result;
  const plots = plotsOf(result);
  const parts = (Object.keys(PARTS) as Part[]).filter((part) => figures.some((figure) => figure.part === part));
  const sections = parts.map((part) =>
    [
      `### ${part}. ${PARTS[part]}`,
      tableOf(HEAD, figures.filter((figure) => figure.part === part).map(cellsOf)),
      ...(notes[part] ?? []),
      ...plots.filter((plot) => plot.part === part).map(({ title, slug }) => `![${title}](${folder}/${slug}.svg)`),
    ].join("\n\n"),
  );
  // A page of the project names no folder of the machine.
  const facts = tableOf(
    ["", ""],
    [...factsOf(machine).filter(([name]) => name !== "data"), ["took", `${Math.round(seconds)} s (${scale})`]],
  );
  return [facts, "### Targets", tableOf(TARGET_HEAD, verdicts.map(targetCells)), ...sections].join("\n\n");
}

/** Puts the tables into a page, between its two marks. @throws where the page has none */
export function withTables(page: string, tables: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new TypeError("The page has no place for the benchmark's tables.");
  return `${page.slice(0, begin + BEGIN.length)}\n\n${tables}\n\n${page.slice(end)}`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((text) => text.replaceAll("|", "\\|").replaceAll("\n", "<br>")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
