import { join } from "node:path";
import { consume } from "../emulators/event-source.ts";
import { deadLetterDepth, queueState } from "../emulators/sqs.ts";
import { contextFor } from "../emulators/sqs-event.ts";
import { type LocalContainer, localContainer, localMasking, localPipeline } from "../run/container.ts";
import { type Outgoing, readMessages } from "../run/messages-file.ts";
import { type Draining, drained } from "../run/queue-monitor.ts";
import { sendMessages } from "../run/send.ts";
import { summarise } from "../run/summary.ts";
import { RunTotals } from "../run/totals.ts";
import { dataDirAt, ROOT } from "../targets/data-dir.ts";
import { migrateTarget, type OpenPostgres, type OpenQueue, openPostgres, openQueue } from "../targets/open.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { UserError } from "../terminal/errors.ts";
import { explainError } from "../terminal/explain.ts";
import { type Output, outputFor } from "../terminal/progress.ts";
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

const SAMPLES = { pipeline: "user-logins", file: join(ROOT, "events/logins.jsonl") };
const CONTAINERS = 2;
/** The function's time in a local run, in milliseconds. */
const TIMEOUT = 30_000;
/** How long a batch may wait to fill, in milliseconds, while one watches. */
const WATCH_WINDOW = 200;

/** Sends messages, drains the queue through the function and tells what happened. @returns the exit code */
export async function start(options: StartOptions): Promise<number> {
  // Read first: a mistake in the options or the file should show before anything is started.
  const pipeline = localPipeline(options.pipeline, options.masking);
  const messages = messagesFor(options);
  const home = dataDirAt(options.data);
  const output = outputFor(options.json);
  const opened: { close(): Promise<unknown> }[] = [];
  const open = async <T extends { close(): Promise<unknown> }>(service: T | Promise<T>) => {
    const one = await service;
    opened.unshift(one);
    checkInterrupted();
    return one;
  };
  try {
    const postgres = await open(openPostgres(home, options.env));
    const queue = await open(openQueue(options.env));
    await announce(output, postgres, queue, options.yes);
    const tally = new RunTotals();
    const masking = localMasking(pipeline, home, postgres);
    const containers: LocalContainer[] = [];
    for (let i = 0; i < CONTAINERS; i++) containers.push(await open(localContainer(pipeline, postgres, masking, tally)));
    await checkFunction(containers, tally);
    const before = await deadLetterDepth(queue);
    const unsent = await send(output, queue, messages);
    const run = await drain(options, output, { containers, postgres, queue, tally });
    const after = await deadLetterDepth(queue);
    output.end();
    if (postgres.lost.aborted) throw new UserError("The embedded Postgres ended while it was in use; what was stored before is kept.");
    const deadLettered = Math.min(Math.max(0, after - before), tally.count("rejected"));
    await summarise(output, { tally, run: run.draining, postgres, queue, deadLettered, pipeline, messages, data: options.data });
    if (run.failure && !options.watch) throw new UserError(run.failure);
    return interrupted.aborted && !options.watch ? 130 : unsent > 0 ? 1 : 0;
  } finally {
    output.end();
    for (const service of opened) await service.close();
  }
}

/** The messages to send: those of --from, else the samples; none where a named queue has messages of its own. */
function messagesFor({ from, env, pipeline }: StartOptions): Outgoing[] {
  const { QUEUE_URL, DATABASE_URL, PGHOST } = process.env;
  if (env && QUEUE_URL && !DATABASE_URL && !PGHOST) {
    throw new UserError(
      "QUEUE_URL names a queue, but neither DATABASE_URL nor PGHOST names a database: a named queue is never drained into the embedded one.",
      2,
    );
  }
  if (from) return readMessages(from);
  if (env && QUEUE_URL) return [];
  if (pipeline !== SAMPLES.pipeline) throw new UserError(`There are no samples for pipeline ${pipeline}: name a file with --from.`, 2);
  return readMessages(SAMPLES.file);
}

/** Names what will be touched, and asks where that is not on this machine; only then anything is changed. */
async function announce(output: Output, postgres: OpenPostgres, queue: OpenQueue, yes: boolean): Promise<void> {
  output.line(`Postgres   ${postgres.label}`);
  output.line(`Queue      ${queue.label}`);
  const pending = await migrateTarget(postgres, { dryRun: true });
  output.line(`Migrations ${pending.length === 0 ? "none pending" : pending.join(", ")}`);
  checkInterrupted();
  await confirmTargets([postgres, queue], yes);
  await queueState(queue);
  if (pending.length > 0) await migrateTarget(postgres);
  checkInterrupted();
}

/** An empty batch makes each container check its table and its key, before a message is sent or received. */
async function checkFunction(containers: readonly LocalContainer[], tally: RunTotals): Promise<void> {
  for (const { handler } of containers) {
    await handler({ Records: [] }, contextFor(TIMEOUT)).catch((error: unknown) => {
      throw tally.failure ? new UserError(tally.failure.message) : error;
    });
    checkInterrupted();
  }
}

/** @returns how many messages SQS did not take */
async function send(output: Output, queue: OpenQueue, messages: readonly Outgoing[]): Promise<number> {
  let unsent = 0;
  output.begin(messages.length || (await queueState(queue)).depth);
  await sendMessages(queue.client, queue.queueUrl, messages, {
    onSent: (taken) => output.sent(taken.length),
    onRefused(position, code) {
      unsent++;
      output.line(`Not sent: message ${position} of the file, which SQS does not take (${code}).`);
    },
    signal: interrupted,
  });
  return unsent;
}

interface Run {
  containers: readonly LocalContainer[];
  postgres: OpenPostgres;
  queue: OpenQueue;
  tally: RunTotals;
}

async function drain(
  options: StartOptions,
  output: Output,
  { containers, postgres, queue, tally }: Run,
): Promise<{ draining: Draining; failure: string | undefined }> {
  let failure: string | undefined;
  const draining = drained(queue, tally, output);
  const failed = new AbortController();
  await consume(
    {
      client: queue.client,
      queueUrl: queue.queueUrl,
      queueArn: (await queueState(queue)).arn,
      handlers: containers.map(({ handler }) => handler),
      batchSize: options.batchSize,
      window: options.watch ? WATCH_WINDOW : 0,
      timeout: TIMEOUT,
      poll: queue.isEmbedded ? 0 : 1,
      onBatch(_ids, error) {
        draining.noteBatch();
        output.progress(tally);
        if (!error) return;
        // While watching, the messages come back and the next try may succeed, as in AWS.
        const reason = explainError(error);
        if (options.watch) output.line(`Batch failed: ${reason}`);
        failure ??= reason;
        failed.abort();
      },
      ...(!options.watch && { onIdle: () => draining.isDone() }),
    },
    AbortSignal.any([interrupted, postgres.lost, ...(options.watch ? [] : [failed.signal])]),
  );
  return { draining, failure };
}
