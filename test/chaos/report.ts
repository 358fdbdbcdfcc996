import type { Injected } from "./schedule.ts";

/** One second of a run. */
export interface Sample {
  /** Milliseconds since 1970 at its end. */
  readonly at: number;
  /** Messages that were done. */
  readonly done: number;
  /** Milliseconds from the sending of the oldest of them; 0 if there was none. */
  readonly lag: number;
}

export interface Result {
  readonly seed: number;
  readonly summary: string;
  readonly began: number;
  readonly samples: readonly Sample[];
  readonly injected: readonly Injected[];
  readonly differences: readonly string[];
}

const [WIDTH, LEFT, PLOT, ROW] = [1100, 350, 120, 16];

/** Draws the timeline of a run as a page that needs no other file. */
export function renderReport({ seed, summary, began, samples, injected, differences }: Result): string {
  const end = Math.max(...samples.map(({ at }) => at), ...injected.map(({ to }) => to));
  const toX = (time: number) => LEFT + ((time - began) / (end - began)) * (WIDTH - LEFT - 10);
  const names = [...new Set(injected.map(({ name }) => name))].sort();
  const height = 2 * PLOT + 60 + names.length * ROW;
  const bars = injected.map(({ name, from, to }) => {
    const y = 2 * PLOT + 40 + names.indexOf(name) * ROW;
    return `<rect class="fault" x="${px(toX(from))}" y="${y}" width="${px(Math.max(2, toX(to) - toX(from)))}" height="${ROW - 5}"/>`;
  });
  const labels = names.map((name, i) => `<text x="${LEFT - 8}" y="${2 * PLOT + 50 + i * ROW}" text-anchor="end">${name}</text>`);
  const plots = [
    drawPlot(
      "messages done per second",
      samples.map(({ at, done }) => ({ at, value: done })),
      10,
      toX,
    ),
    drawPlot(
      "lag in seconds",
      samples.map(({ at, lag }) => ({ at, value: lag / 1000 })),
      PLOT + 20,
      toX,
    ),
  ];
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Chaos, seed ${seed}</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 14px system-ui, sans-serif; margin: 2rem auto; max-width: ${WIDTH}px; padding: 0 1rem; }
  svg { width: 100%; height: auto; font-size: 11px; }
  text { fill: currentColor; }
  .line { fill: none; stroke: light-dark(#1d5fa8, #7db7f0); stroke-width: 1.5; }
  .axis { stroke: currentColor; opacity: 0.3; }
  .fault { fill: light-dark(#c2410c, #fb923c); opacity: 0.75; }
</style>
<h1>Chaos: ${differences.length === 0 ? "nothing lost, nothing twice, nothing leaked" : `${differences.length} differences`}</h1>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img"><title>Faults under throughput and lag</title>
${[...plots, ...labels, ...bars].join("\n")}
</svg>
<pre>${escapeMarkup(summary)}</pre>
</html>
`;
}

function drawPlot(title: string, points: readonly { at: number; value: number }[], top: number, toX: (time: number) => number): string {
  const largest = Math.max(1, ...points.map(({ value }) => value));
  const bottom = top + PLOT - 10;
  const line = points.map(({ at, value }) => `${px(toX(at))},${px(bottom - (value / largest) * (PLOT - 20))}`);
  return `<text x="${LEFT - 8}" y="${top + 20}" text-anchor="end">${title}, at most ${Math.round(largest)}</text>
<line class="axis" x1="${LEFT}" x2="${WIDTH - 10}" y1="${bottom}" y2="${bottom}"/><polyline class="line" points="${line.join(" ")}"/>`;
}

const px = (value: number) => value.toFixed(1);
const escapeMarkup = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
