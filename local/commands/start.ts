import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { consume, type Handler } from "../emulators/event-source.ts";
import { createContext } from "../emulators/sqs-event.ts";
import * as errors from "../errors.ts";
import { readText } from "../files.ts";
import { createContainer, findDeployedName, findQueue, openMasking } from "../run/container.ts";
import { type Outgoing, readMessages } from "../run/messages-file.ts";
import { prepareTargets } from "../run/prepare-targets.ts";
import { monitorQueue } from "../run/queue-monitor.ts";
import { sendWithProgress } from "../run/send.ts";
import { printSummary } from "../run/summary.ts";
import { RunTotals } from "../run/totals.ts";
import { ROOT, resolveDataDir } from "../targets/data-dir.ts";
import { openPostgres, type PostgresTarget } from "../targets/postgres.ts";
import { countDeadLetters, openQueue, type QueueTarget, readQueue } from "../targets/queue.ts";
import { explainError } from "../terminal/program.ts";
import { createOutput, type Output } from "../terminal/progress.ts";
import { checkInterrupted, interrupted } from "../terminal/signals.ts";

export interface StartOptions {
  from?: string;
  json: boolean;
  watch: boolean;
  env: boolean;
  yes: boolean;
  pipeline: string;
  masking: "hmac" | "sha256";
  batchSize: number;
  data?: string;
}

const LOGINS = { pipeline: "user-logins", file: join(ROOT, "events/logins.jsonl") };
const CONTAINERS = 2;
/** How long a batch may wait to fill with --watch, in milliseconds. */
const WATCH_WINDOW = 200;

/** Sends messages, drains the queue through the function and prints the totals. @returns the exit code */
export async function start(options: StartOptions): Promise<number> {
  // Read first, so that a mistake in the options or the file shows before anything is started.
  const name = findSourceName(options);
  const source = findQueue(name, options.masking);
  const messages = readInput(options, source.pipelines);
  const dataDir = resolveDataDir(options.data);
  const output = createOutput(options.json ? process.stderr : process.stdout);
  if (name !== options.pipeline) output.line(`Pipelines  those of queue ${name}, which ${options.pipeline} shares`);
  await using postgres = await openPostgres(dataDir, options.env);
  checkInterrupted();
  await using queue = await openQueue(options.env);
  checkInterrupted();
  await prepareTargets(output, options.yes, postgres, queue);
  const totals = new RunTotals();
  await using resources = new AsyncDisposableStack();
  const masking = openMasking(source, postgres, dataDir);
  const create = () => resources.use(createContainer(source, postgres, masking, totals)).handler;
  const handlers = Array.from({ length: CONTAINERS }, create);
  // By an empty batch, each checks its table and its key before a message is sent or received.
  for (const handler of handlers) await handler({ Records: [] }, createContext());
  checkInterrupted();
  resources.defer(() => output.end());
  const before = await countDeadLetters(queue);
  output.begin(messages.length || (await readQueue(queue)).depth);
  const refused = await sendWithProgress(output, queue, messages);
  const { monitor, failure } = await drain(options, output, { handlers, postgres, queue, totals });
  const after = await countDeadLetters(queue);
  output.end();
  if (postgres.lost.aborted) throw errors.endedServer();
  const deadLettered = Math.min(Math.max(0, after - before), totals.count("rejected"));
  await printSummary(output, { totals, monitor, postgres, queue, deadLettered, pipelines: source.pipelines, messages, options });
  if (failure && !options.watch) throw failure;
  return interrupted.aborted && !options.watch ? 130 : refused > 0 ? 1 : 0;
}

/** A queue of the environment holds messages of all the pipelines that share it. One alone would reject those of the others. */
function findSourceName({ env, pipeline }: StartOptions): string {
  return env && process.env.QUEUE_URL ? findDeployedName(pipeline) : pipeline;
}

/** Reads the messages to send: those of --from, else the samples of the pipelines; none if the queue of the environment has its own messages. */
function readInput({ from, env, pipeline }: StartOptions, pipelines: readonly Pipeline[]): Outgoing[] {
  const { QUEUE_URL, DATABASE_URL, PGHOST } = process.env;
  if (env && QUEUE_URL && !DATABASE_URL && !PGHOST) throw errors.queueWithoutPostgres();
  if (from) return readMessages(from);
  if (env && QUEUE_URL) return [];
  const samples = pipelines.flatMap(readSamples);
  if (samples.length === 0) throw errors.noSamples(pipeline);
  return samples;
}

/** Reads the samples of Masqueue's own pipeline, or the one that `masqueue new` has written for another. */
function readSamples({ name }: Pipeline): Outgoing[] {
  if (name === LOGINS.pipeline) return readMessages(LOGINS.file);
  const file = join(ROOT, "lambda/custom", name, "sample.json");
  return existsSync(file) ? [{ body: readText(file) }] : [];
}

interface Run {
  handlers: readonly Handler[];
  postgres: PostgresTarget;
  queue: QueueTarget;
  totals: RunTotals;
}

/** Consumes until the queue is drained, a batch fails or a Ctrl-C; with --watch, until a Ctrl-C. `failure`: why the first batch failed. */
async function drain({ watch, batchSize }: StartOptions, output: Output, { handlers, postgres, queue, totals }: Run) {
  const { client, queueUrl, isEmbedded } = queue;
  const monitor = monitorQueue(queue, totals, output);
  const failed = new AbortController();
  let failure: unknown;
  const onBatch = (thrown: unknown) => {
    monitor.noteBatch();
    output.progress(totals);
    // On a shared queue, one table may fail in a batch that succeeds for the others.
    const error = totals.takeFailure() ?? thrown;
    if (!error) return;
    failure ??= error;
    // With --watch the messages come back and the next try may succeed, as in AWS.
    if (watch) output.line(`Batch failed: ${explainError(error)}`);
    else failed.abort();
  };
  await consume(
    {
      ...{ client, queueUrl, queueArn: (await readQueue(queue)).arn, handlers },
      ...{ batchSize, window: watch ? WATCH_WINDOW : 0, poll: isEmbedded ? 0 : 1, onBatch },
      ...(!watch && { onIdle: () => monitor.isDone() }),
    },
    AbortSignal.any([interrupted, postgres.lost, failed.signal]),
  );
  return { monitor, failure };
}
