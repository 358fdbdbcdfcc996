import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import * as errors from "./errors.ts";

/**
 * Creates a file that only its owner may read, unless it exists. If two runs do so at once, one creates it, whole, and both read the same.
 * @returns the content of the file
 */
export function createOnce(file: string, content: () => string | Buffer): Buffer {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, content(), { mode: 0o600 });
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(draft);
    }
  }
  return readFileSync(file);
}

/** Reads a text file, unpacked if its name ends in `.gz`. @throws UserError */
export function readText(file: string): string {
  const bytes = attempt(() => readFileSync(file), errors.unreadableFile, file);
  const unpacked = /\.gz$/i.test(file) ? attempt(() => gunzipSync(bytes), errors.notGzip, file) : bytes;
  return attempt(() => new TextDecoder("utf-8", { fatal: true }).decode(unpacked), errors.notUtf8, file);
}

/** Parses JSON. @param source its file or option, for the error @throws UserError */
export function parseJson(content: string, source: string): unknown {
  return attempt(() => JSON.parse(content.replace(/^\uFEFF/, "")), errors.notJson, source);
}

/** @param toError creates the error from the source and the system's error code */
function attempt<T>(work: () => T, toError: (source: string, code?: string) => errors.UserError, source: string): T {
  try {
    return work();
  } catch (error) {
    throw toError(source, (error as NodeJS.ErrnoException).code);
  }
}
