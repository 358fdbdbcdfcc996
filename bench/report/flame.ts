import type { Call } from "../support/call-tree.ts";
import { STAGES, type Stage } from "../support/stages.ts";
import { escaped } from "./escape.ts";
import { drawing } from "./svg.ts";

const WIDTH = 1_000;
const ROW = 18;
/** Height of the title and the legend. */
const LEGEND = 60;
const LEGENDS_A_ROW = 5;
/** Narrower boxes are left out; narrower ones than {@link READABLE} have no text. */
const NARROWEST = 1;
const READABLE = 30;
/** Width of a letter. */
const LETTER = 6.2;

const COLOURS: Readonly<Record<Stage, string>> = {
  reading: "#8fb8de",
  masking: "#f2a65a",
  ordering: "#b8d8ba",
  encoding: "#e8d174",
  sending: "#c3a6d8",
  report: "#e39aa0",
  handler: "#d5d9dd",
  loop: "#eceff1",
  garbage: "#b0a199",
  waiting: "#ffffff",
};

/**
 * A flame graph that hangs: callers above, what they called beneath them, each as wide as it was on the processor. Plain SVG; a box's
 * whole name and its share stand in its title, which a browser shows under the pointer.
 */
export function flameGraph(title: string, top: readonly Call[]): string {
  const total = top.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const boxes: string[] = [];
  const depth = draw(top, 0, 0);

  /** @returns rows that are taken */
  function draw(calls: readonly Call[], left: number, row: number): number {
    let deepest = row;
    let x = left;
    for (const call of calls) {
      const width = (call.microseconds / total) * WIDTH;
      if (width >= NARROWEST) {
        boxes.push(box(call, x, LEGEND + row * ROW, width));
        deepest = Math.max(deepest, draw(call.calls, x, row + 1));
      }
      x += width;
    }
    return deepest;
  }

  const height = LEGEND + depth * ROW + 4;
  return drawing(title, { width: WIDTH, height, fontSize: 11 }, [...legend(), ...boxes]);
}

function box({ name, file, stage }: Call, x: number, y: number, width: number): string {
  const where = file === "" ? name : `${name} (${file})`;
  const text = width < READABLE ? "" : name.slice(0, Math.floor((width - 6) / LETTER));
  return [
    `<g><title>${escaped(where)}: ${((100 * width) / WIDTH).toFixed(1)} %</title>`,
    `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${COLOURS[stage]}" stroke="#ffffff" stroke-width="0.5"/>`,
    text && `<text x="${(x + 3).toFixed(1)}" y="${y + 12}" fill="#222222">${escaped(text)}</text>`,
    "</g>",
  ].join("");
}

/** What each colour stands for. */
function legend(): string[] {
  const drawn = (Object.keys(STAGES) as Stage[]).filter((stage) => stage !== "waiting");
  return drawn.map((stage, i) => {
    const [x, y] = [(i % LEGENDS_A_ROW) * (WIDTH / LEGENDS_A_ROW), 24 + Math.floor(i / LEGENDS_A_ROW) * 16];
    return `<rect x="${x}" y="${y}" width="10" height="10" fill="${COLOURS[stage]}"/><text x="${x + 14}" y="${y + 9}" fill="#222222">${escaped(STAGES[stage])}</text>`;
  });
}
