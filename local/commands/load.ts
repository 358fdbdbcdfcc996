import { dirname, join } from "node:path";
import { parsePath } from "../../lambda/pipelines/path.ts";
import type { Queue } from "../../lambda/pipelines/queue.ts";
import * as errors from "../errors.ts";
import { FileProgress } from "../load/file-progress.ts";
import { findFiles, type LoadableFile } from "../load/find-files.ts";
import { CONTAINERS, createLineContainer } from "../load/line-container.ts";
import { loadFile } from "../load/load-file.ts";
import { toLoadQueue } from "../load/load-queue.ts";
import { LoadTotals } from "../load/load-totals.ts";
import { startMeter } from "../load/meter.ts";
import { printLoad, RESUME } from "../load/summary.ts";
import { findQueue, openMasking } from "../run/container.ts";
import { prepareTargets } from "../run/prepare-targets.ts";
import { resolveDataDir } from "../targets/data-dir.ts";
import { openRequiredPostgres } from "../targets/postgres.ts";
import { createOutput, SHARE } from "../terminal/progress.ts";
import { checkInterrupted, interrupted } from "../terminal/signals.ts";

export interface LoadOptions {
  pipeline: string;
  rate?: number;
  id?: string;
  /** Milliseconds since 1970. */
  sent?: number;
  env: boolean;
  yes: boolean;
  json: boolean;
  data?: string;
}

/** Loads files into the tables of a pipeline or shared queue, and prints the totals. @returns the exit code */
export async function load(patterns: readonly string[], options: LoadOptions): Promise<number> {
  const { pipeline, rate, id, sent, env, yes, json, data } = options;
  const queue = toLoadQueue(findQueue(pipeline));
  if (id !== undefined) refuseMasked(id, queue);
  const files = findFiles(patterns, id === undefined);
  const dataDir = resolveDataDir(data);
  const output = createOutput(json ? process.stderr : process.stdout);
  await using postgres = await openRequiredPostgres(dataDir, env);
  checkInterrupted();
  // `masqueue reset` removes the embedded database together with what is noted about its loads.
  const folder = join(postgres.isEmbedded ? dataDir.embedded : dirname(dataDir.keyFile), "loads");
  const target = postgres.isEmbedded ? "embedded" : postgres.label;
  const toProgress = ({ version, rejects }: LoadableFile) => new FileProgress(folder, [version, target, pipeline, id, sent], rejects);
  const loads = files.map((file) => ({ file, progress: toProgress(file) }));
  await prepareTargets(output, yes, postgres);
  const totals = new LoadTotals();
  await using resources = new AsyncDisposableStack();
  const masking = openMasking(queue, postgres, dataDir);
  const containers = Array.from({ length: CONTAINERS }, () => resources.use(createLineContainer(queue, postgres, masking, totals)));
  for (const container of containers) await container.check();
  checkInterrupted();
  resources.defer(() => output.end());

  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const meter = startMeter(output, totals, bytes);
  output.begin(bytes, SHARE);
  output.advance(0, "");
  const signal = AbortSignal.any([interrupted, postgres.lost]);
  let before = 0;
  try {
    for (const { file, progress } of loads) {
      if (progress.line > 0)
        output.line(`${file.path}: an earlier run settled the lines up to ${progress.line}; this run goes on after it.`);
      const origin = { name: file.name, queue, id: id === undefined ? undefined : parsePath(id), sent };
      const onBatch = (read: number) => meter.advance(before + read);
      if (!progress.isDone) await loadFile(file.path, origin, { containers, progress, rate, signal, onBatch });
      if (!progress.isDone) break;
      before += file.size;
    }
  } catch (error) {
    output.end();
    output.line(RESUME);
    throw error;
  }
  output.end();
  if (postgres.lost.aborted) throw errors.endedServer();
  const isDone = loads.every(({ progress }) => progress.isDone);
  if (isDone) for (const { progress } of loads) progress.forget();
  const rejects = loads.filter(({ progress }) => progress.hasRejects).map(({ file }) => file.rejects);
  printLoad(output, { totals, seconds: meter.seconds, rejects, isDone, byName: id === undefined, json });
  return isDone ? 0 : 130;
}

/** The id of a row is a plain hash. Of a personal value, it would be the pseudonym that the masks are to prevent. */
function refuseMasked(id: string, { pipelines }: Queue): void {
  for (const { name, columns } of pipelines)
    for (const { kind, from } of columns) if (kind === "masked" && from === id) throw errors.maskedId(id, name);
}
