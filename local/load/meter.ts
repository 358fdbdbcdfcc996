import type { Output } from "../terminal/progress.ts";
import type { LoadTotals } from "./load-totals.ts";

/** Shows the lines per second and the time that is left. Bytes of lines that an earlier run settled are read faster, and do not count. */
export function startMeter(output: Output, totals: LoadTotals, total: number) {
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

const format = (value: number) => Math.round(value).toLocaleString("en");

/** `40 s`, `3 min` or `2.5 h`. */
function formatTime(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
