import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { type Path, parsePath } from "../../lambda/pipelines/path.ts";
import * as errors from "../errors.ts";
import { type Line, MAX_LENGTH } from "./line.ts";

const OPTIONS = {
  ...{ info: true, raw: true, skip_empty_lines: true, max_record_size: MAX_LENGTH },
  // Programs mix line ends: csv-parse alone would take the first one that it finds as the only one.
  record_delimiter: ["\r\n", "\n", "\r"],
  // A record with too many or too few cells is a line that is rejected, and a stray quote is a character.
  ...{ relax_column_count: true, relax_quotes: true },
};

/** What csv-parse gives with these options. */
interface Parsed {
  readonly record: readonly string[];
  readonly raw: string;
  /** `lines`: the number of the line at which the record ends. */
  readonly info: { readonly lines: number };
}

const CHUNK = 1_000;

/** Splits CSV into its records, which become JSON. The header names the path of each cell, and an empty cell is null. */
export async function* splitCsv(chunks: AsyncIterable<string>, file: string): AsyncGenerator<Line[]> {
  let members: Members | undefined;
  let width = 0;
  let lines: Line[] = [];
  let number = 0;
  try {
    for await (const { record, raw, info } of toRecords(chunks)) {
      number = info.lines;
      if (members) lines.push({ number, raw: raw.trim(), body: record.length === width ? formatBody(members, record) : undefined });
      else [members, width] = [readHeader(record, file), record.length];
      if (lines.length < CHUNK) continue;
      yield lines;
      lines = [];
    }
  } catch (error) {
    throw error instanceof CsvError ? errors.unclosedQuote(file, number) : error;
  }
  yield lines;
}

function toRecords(chunks: AsyncIterable<string>): AsyncIterable<Parsed> {
  const source = Readable.from(chunks);
  const parser = parse(OPTIONS);
  source.on("error", (error) => parser.destroy(error));
  return source.pipe(parser);
}

/** The members of an object: each a position in the record, or an object itself. The keys are JSON. */
type Members = Map<string, Members | number>;

/** @throws UserError */
function readHeader(cells: readonly string[], file: string): Members {
  if (cells.length === 1 && /[;\t|]/.test(cells[0] ?? "")) throw errors.otherSeparator(file);
  const members: Members = new Map();
  for (const [position, cell] of cells.entries()) {
    const path = parsePath(cell.trim());
    if (!path || !place(members, path, position)) throw errors.invalidHeader(file, position + 1);
  }
  return members;
}

/** @returns false if the place is taken */
function place(members: Members, path: Path, position: number): boolean {
  const [name, ...rest] = path;
  const key = JSON.stringify(name);
  const there = members.get(key);
  if (rest.length === 0) return there === undefined && members.set(key, position).size > 0;
  const below = there ?? new Map();
  members.set(key, below);
  return typeof below !== "number" && place(below, rest, position);
}

function formatBody(members: Members, record: readonly string[]): string {
  const texts = [...members].map(
    ([key, member]) => `${key}:${typeof member === "number" ? formatCell(record[member] ?? "") : formatBody(member, record)}`,
  );
  return `{${texts.join(",")}}`;
}

function formatCell(cell: string): string {
  return cell === "" ? "null" : JSON.stringify(cell);
}
