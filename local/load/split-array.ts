import * as errors from "../errors.ts";
import { type Line, MAX_LENGTH } from "./line.ts";

/** The characters that matter outside and inside of a text in quotes. */
const OUTSIDE = /["[\]{},]/g;
const INSIDE = /["\\]/g;

/**
 * Splits a JSON array into its elements without parsing them: numbers keep their digits, and an element that is not JSON becomes a line
 * that is rejected. A text as an element is a body in quotes.
 */
export async function* splitArray(chunks: AsyncIterable<string>, file: string): AsyncGenerator<Line[]> {
  let [text, start, at, depth, number] = ["", 0, 0, 0, 0];
  let [isQuoted, isOver] = [false, false];
  for await (const chunk of chunks) {
    text = text.slice(start) + chunk;
    [start, at] = [0, at - start];
    const lines: Line[] = [];
    for (let found = find(isQuoted, text, at); found; found = find(isQuoted, text, at)) {
      const [mark] = found;
      const before = text.slice(start, found.index).trim();
      if (depth === 0 && (isOver || mark !== "[" || before !== "")) throw errors.notAnArray(file);
      at = found.index + (mark === "\\" ? 2 : 1);
      if (mark === '"') isQuoted = !isQuoted;
      else if (mark === "[" || mark === "{") depth++;
      else if (mark === "]" || mark === "}") depth--;
      isOver = depth === 0;
      if (isOver && mark !== "]") throw errors.notAnArray(file);
      if (isOver || (depth === 1 && mark === ",")) {
        const isEmptyArray = isOver && number === 0 && before === "";
        if (!isEmptyArray) lines.push(toLine(++number, before));
        start = at;
      } else if (depth === 1 && mark === "[") start = at;
    }
    at = Math.max(at, text.length);
    yield lines;
    if (text.length - start > MAX_LENGTH) throw errors.endlessLine(file, number + 1);
  }
  if (!isOver && depth > 0) throw errors.unfinishedArray(file, number + 1);
  if (!isOver || text.slice(start).trim() !== "") throw errors.notAnArray(file);
}

function find(isQuoted: boolean, text: string, from: number): RegExpExecArray | null {
  const pattern = isQuoted ? INSIDE : OUTSIDE;
  pattern.lastIndex = from;
  return pattern.exec(text);
}

function toLine(number: number, raw: string): Line {
  const text = raw.startsWith('"') ? parseText(raw) : undefined;
  return { number, raw, body: text ?? raw };
}

function parseText(raw: string): string | undefined {
  try {
    return JSON.parse(raw) as string;
  } catch {
    return undefined;
  }
}
