import Table from "cli-table3";
import { PARTS, type Part } from "../figures.ts";
import type { Result } from "./result.ts";
import { cellsOf, factsOf, HEAD, TARGET_HEAD, targetCells } from "./words.ts";

/** The run as text for a terminal: a table for each part, the machine, and the targets last, where they are seen. */
export function terminalReport({ figures, notes, machine, verdicts, seconds, scale }: Result): string {
  const parts = (Object.keys(PARTS) as Part[]).filter((part) => figures.some((figure) => figure.part === part));
  const tables = parts.map((part) => {
    const rows = figures.filter((figure) => figure.part === part).map(cellsOf);
    return [`\n${part}. ${PARTS[part]}`, tableOf(HEAD, withoutRepeats(rows)), ...(notes[part] ?? [])].join("\n");
  });
  const facts = factsOf(machine).map(([name, value]) => `${name.padEnd(9)} ${value}`);
  const targets = tableOf(TARGET_HEAD, verdicts.map(targetCells));
  return [...tables, "", ...facts, `took      ${Math.round(seconds)} s (${scale})`, "", targets].join("\n");
}

/** A group's name stands once. */
function withoutRepeats(rows: string[][]): string[][] {
  return rows.map((row, i) => (row[0] === rows[i - 1]?.[0] ? ["", ...row.slice(1)] : row));
}

function tableOf(head: readonly string[], rows: string[][]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  table.push(...rows);
  return table.toString();
}
