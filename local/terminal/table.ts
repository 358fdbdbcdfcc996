import Table from "cli-table3";

/** For queries whose rows are shown: each value as Postgres prints it, a date as a date and not as a moment in this machine's zone. */
export const AS_PRINTED = { getTypeParser: () => (value: string) => value };

/** Formats rows as a table for a terminal. @param width of the longest cell; a longer one ends in … */
export function formatTable(head: string[], rows: readonly (readonly (string | null)[])[], width = Number.POSITIVE_INFINITY): string {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push(row.map((cell) => shorten(toPrintable(cell ?? ""), width)));
  return table.toString();
}

/** Shows each control character by its picture: values come from strangers, and must not control the terminal. */
function toPrintable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => String.fromCodePoint(0x2400 + (character.charCodeAt(0) & 0x1f)));
}

function shorten(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
