import type { Output } from "../terminal/progress.ts";
import { formatTable } from "../terminal/table.ts";
import type { LoadTotals } from "./load-totals.ts";

/** Shows the lines per second and the time that is left. Bytes of lines that an earlier run settled are read faster, and do not count. */
export function showRate(output: Output, totals: LoadTotals, total: number) {
  const start = Date.now();
  let first: { readonly time: number; readonly bytes: number; readonly lines: number } | undefined;
  return {
    /** @param bytes that have been read of all files */
    advance(bytes: number): void {
      const [time, { lines }] = [Date.now(), totals];
      first ??= { time, bytes, lines };
      const share = (bytes - first.bytes) / (total - first.bytes);
      const left = share > 0 ? `, ${formatTime(((time - first.time) * (1 - share)) / share)} left` : "";
      const rate = time > first.time ? `, ${format(((lines - first.lines) * 1000) / (time - first.time))} per second` : "";
      output.advance(bytes, `${format(lines)} lines${rate}${left}`);
    },
    get seconds(): number {
      return (Date.now() - start) / 1000;
    },
  };
}

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
  if (json) process.stdout.write(`${JSON.stringify({ ...summary, isDone, rejections, rejects })}\n`);
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
  if (!isDone) output.line("Stopped. To go on, repeat the same command.");
}

const format = (value: number) => Math.round(value).toLocaleString("en");

/** `40 s`, `3 min` or `2.5 h`. */
function formatTime(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
