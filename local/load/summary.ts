import type { Output } from "../terminal/progress.ts";
import { formatTable } from "../terminal/table.ts";
import type { LoadTotals } from "./load-totals.ts";

/** What to do after a load that did not end. */
export const RESUME = "The load is not complete. To go on, repeat the same command.";

interface LoadResult {
  readonly totals: LoadTotals;
  readonly seconds: number;
  /** The files of rejected lines. */
  readonly rejects: readonly string[];
  /** Whether all files were loaded. */
  readonly isDone: boolean;
  /** Whether the ids of the lines are made from the names of the files. */
  readonly byName: boolean;
  readonly json: boolean;
}

/** Prints the totals of a load: as one JSON object, or for a person. */
export function printLoad(output: Output, { totals, seconds, rejects, isDone, byName, json }: LoadResult): void {
  const { stored, duplicate: duplicates, rejected, skipped } = totals.counts;
  const summary = {
    ...{ lines: totals.lines, stored, duplicates, rejected, ...(skipped > 0 && { skipped }) },
    seconds: Number(seconds.toFixed(3)),
  };
  const { rejections, unwrittenFindings } = totals;
  if (json) process.stdout.write(`${JSON.stringify({ ...summary, done: isDone, rejections, rejects })}\n`);
  output.line("");
  const rate = Math.round(totals.lines / seconds);
  for (const [name, value] of Object.entries({ ...summary, "lines per second": rate })) output.line(`${name.padEnd(17)}${value}`);
  if (rejections.length > 0) {
    const rows = rejections.map(({ code, field, lines }) => [code, field, String(lines)]);
    output.line(`\nRejected:\n${formatTable(["code", "field", "lines"], rows)}`);
  }
  if (rejects.length > 0) output.line(`The rejected lines are in these files. They hold raw values, and only you can read them:`);
  for (const file of rejects) output.line(`  ${file}`);
  if (unwrittenFindings > 0)
    output.line(`The rejections and unknown fields of ${unwrittenFindings} batches could not be written to their tables.`);
  if (duplicates > 0 && byName)
    output.line(
      "Duplicates are lines of the same number in a file of the same name: an earlier run stored them. If it was another file, load this one with --id.",
    );
  if (!isDone) output.line(RESUME);
}
