import { setTimeout as wait } from "node:timers/promises";
import type { FileProgress } from "./file-progress.ts";
import type { Line } from "./line.ts";
import type { LineContainer } from "./line-container.ts";
import { readLines } from "./read-lines.ts";
import type { Origin } from "./records.ts";

const BATCH_SIZE = 1_000;

export interface LoadFileOptions {
  /** Each works on one batch at a time. */
  readonly containers: readonly LineContainer[];
  readonly progress: FileProgress;
  /** Lines per second. @default unlimited */
  readonly rate?: number | undefined;
  /** Ends the load once the batches under way have ended. */
  readonly signal: AbortSignal;
  /** Called after each batch. @param bytes that have been read of the file */
  readonly onBatch?: (bytes: number) => void;
}

/**
 * Loads the lines of a file that are not settled yet. After the signal, the file is not done.
 * @throws UserError, IngestError; the progress up to then is kept
 */
export async function loadFile(path: string, origin: Origin, options: LoadFileOptions): Promise<void> {
  const { containers, progress, rate, onBatch } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  let bytes = 0;
  const lines = readLines(path, (read) => {
    bytes = read;
  });
  let mayBeStored = progress.line > 0;
  progress.begin();
  const batches = pace(toBatches(lines, progress.line, Math.min(rate ?? BATCH_SIZE, BATCH_SIZE)), rate, signal);

  const work = async (container: LineContainer) => {
    // Two containers may ask at once: the generator answers one after the other.
    for (let next = await batches.next(); !next.done; next = await batches.next()) {
      const { position, lines } = next.value;
      const { rejected, hadDuplicates } = await container.settle(lines, origin, mayBeStored);
      mayBeStored = hadDuplicates;
      progress.settle(position, lines.at(-1)?.number ?? 0, rejected);
      onBatch?.(bytes);
    }
  };
  const results = await Promise.allSettled(containers.map((container) => work(container).finally(() => over.abort())));
  const failed = results.find((result) => result.status === "rejected");
  progress.save(!failed && !options.signal.aborted);
  if (failed) throw failed.reason;
}

interface Batch {
  readonly position: number;
  readonly lines: readonly Line[];
}

/** Cuts lines into batches. @param settled the number of the last line to leave out */
async function* toBatches(chunks: AsyncIterable<Line[]>, settled: number, size: number): AsyncGenerator<Batch> {
  let position = 0;
  let lines: Line[] = [];
  for await (const chunk of chunks) {
    lines = lines.concat(chunk.filter(({ number }) => number > settled));
    for (; lines.length >= size; lines = lines.slice(size)) yield { position: position++, lines: lines.slice(0, size) };
  }
  if (lines.length > 0) yield { position, lines };
}

/** Lets batches through at a rate, until the signal. */
async function* pace(batches: AsyncIterable<Batch>, rate: number | undefined, signal: AbortSignal): AsyncGenerator<Batch> {
  const start = Date.now();
  let passed = 0;
  for await (const batch of batches) {
    const due = rate ? start + (passed * 1000) / rate : 0;
    if (due > Date.now()) await wait(due - Date.now(), undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    passed += batch.lines.length;
    yield batch;
  }
}
