import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import * as errors from "../errors.ts";
import { type Line, MAX_LENGTH } from "./line.ts";
import { splitArray } from "./split-array.ts";
import { splitCsv } from "./split-csv.ts";

/** Splits a text that comes in chunks. @param file its name, for errors */
type Splitter = (chunks: AsyncIterable<string>, file: string) => AsyncGenerator<Line[]>;

const SPLITTERS: Readonly<Record<string, Splitter>> = { jsonl: splitLines, json: splitArray, csv: splitCsv };

const PACKED = /\.gz$/i;

/** Finds the splitter for a file by its name. @throws UserError */
export function chooseSplitter(file: string): Splitter {
  const splitter = SPLITTERS[/\.(jsonl|json|csv)$/i.exec(file.replace(PACKED, ""))?.[1]?.toLowerCase() ?? ""];
  if (!splitter) throw errors.notLoadable(file);
  return splitter;
}

/**
 * Reads the lines of a file, some at a time, so that the memory does not grow with the file. Blank lines are left out.
 * @param onRead called with the number of bytes of the file that have been read
 * @throws UserError with the file and what is wrong with it; never a value
 */
export function readLines(file: string, onRead: (bytes: number) => void = () => {}): AsyncGenerator<Line[]> {
  return chooseSplitter(file)(readChunks(file, onRead), file);
}

/** Reads the text of a file, unpacked if its name ends in `.gz`, without a byte order mark. */
async function* readChunks(file: string, onRead: (bytes: number) => void): AsyncGenerator<string> {
  const source = createReadStream(file, { highWaterMark: 256 * 1024 });
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    // The iteration throws what ends the pipeline.
    for await (const bytes of PACKED.test(file) ? pipeline(source, createGunzip(), () => {}) : source) {
      onRead(source.bytesRead);
      yield decoder.decode(bytes, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") throw errors.notUtf8(file);
    throw code.startsWith("Z_") ? errors.notGzip(file) : errors.unreadableFile(file, code);
  }
}

async function* splitLines(chunks: AsyncIterable<string>, file: string): AsyncGenerator<Line[]> {
  let [rest, number] = ["", 0];
  const toLines = (texts: readonly string[]) =>
    texts.flatMap((text): Line[] => {
      number++;
      const raw = text.endsWith("\r") ? text.slice(0, -1) : text;
      return raw.trim() === "" ? [] : [{ number, raw, body: raw }];
    });
  for await (const chunk of chunks) {
    const texts = (rest + chunk).split("\n");
    rest = texts.pop() ?? "";
    yield toLines(texts);
    if (rest.length > MAX_LENGTH) throw errors.endlessLine(file, number + 1);
  }
  yield toLines([rest]);
}
