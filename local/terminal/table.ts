import Table from "cli-table3";

/** For queries whose rows are shown: every value as Postgres prints it, a date as a date and not as a moment in this machine's zone. */
export const AS_PRINTED = { getTypeParser: () => (value: string) => value };

/** Rows as a table for a terminal. @param width longest cell; longer ones end in … */
export function table(head: string[], rows: readonly (readonly (string | null)[])[], width = Number.POSITIVE_INFINITY): string {
  const shown = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const row of rows) shown.push(row.map((cell) => shorten(printable(cell ?? ""), width)));
  return shown.toString();
}

/** Values come from strangers: a control character must not reach the terminal. It is shown by its picture. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => String.fromCodePoint(0x2400 + (character.charCodeAt(0) & 0x1f)));
}

function shorten(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
