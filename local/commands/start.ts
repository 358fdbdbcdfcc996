import { join } from "node:path";
import { confirmTargets } from "../confirm.ts";
import { type Draining, drained } from "../drain.ts";
import { consume } from "../event-source.ts";
import { localContainer, localMasterKey, localPipeline } from "../handler.ts";
import { readMessages } from "../messages-file.ts";
import { type Output, outputFor } from "../output.ts";
import { sendMessages } from "../send.ts";
import { type Home, homeAt, ROOT } from "../services/home.ts";
import { migrateTarget, type OpenPostgres, type OpenQueue, openPostgres, openQueue } from "../services/open.ts";
import { deadLetterDepth, queueState } from "../services/sqs.ts";
import { summarise } from "../summary.ts";
import { Tally } from "../tally.ts";
import { UserError } from "../user-error.ts";

export interface StartOptions {
  from?: string;
  json: boolean;
  watch: boolean;
  env: boolean;
  yes: boolean;
  masking: "hmac" | "sha256";
  batchSize: number;
  data?: string;
}

const SAMPLES = join(ROOT, "events/logins.jsonl");
const CONTAINERS = 2;
/** The function's time in a local run, in milliseconds. */
const TIMEOUT = 30_000;
/** How long a batch may wait to fill, in milliseconds, while one watches. */
const WATCH_WINDOW = 200;

/** Sends messages, drains the queue through the function and tells what happened. @returns the exit code */
export async function start(options: StartOptions): Promise<number> {
  if (options.env && process.env.QUEUE_URL && !process.env.DATABASE_URL && !process.env.PGHOST) {
    throw new UserError(
      "QUEUE_URL names a queue, but neither DATABASE_URL nor PGHOST names a database: a named queue is never drained into the embedded one.",
      2,
    );
  }
  // Read first: a mistake in the file should show before anything is started.
  const file = options.from ?? (options.env && process.env.QUEUE_URL ? undefined : SAMPLES);
  const messages = file ? readMessages(file) : [];
  const home = homeAt(options.data);
  const output = outputFor(options.json);
  const opened: { close(): Promise<void> }[] = [];
  const open = async <T extends { close(): Promise<void> }>(service: Promise<T>) => {
    const one = await service;
    opened.unshift(one);
    return one;
  };
  try {
    const postgres = await open(openPostgres(home, options.env));
    const queue = await open(openQueue(options.env));
    await announce(output, postgres, queue, options.yes);
    const stop = stopOnInterrupt(output);
    const before = await deadLetterDepth(queue.client, queue.queueUrl);
    output.begin(messages.length || (await queueState(queue.client, queue.queueUrl)).depth);
    await sendMessages(queue.client, queue.queueUrl, messages, (count) => output.sent(count));
    const tally = new Tally();
    const run = await drain(options, output, { home, postgres, queue, tally, stop });
    const after = await deadLetterDepth(queue.client, queue.queueUrl);
    output.end();
    await summarise(output, {
      tally,
      run,
      postgres,
      queue,
      data: options.data,
      deadLettered: Math.min(Math.max(0, after - before), tally.count("rejected")),
    });
    if (tally.failure && !options.watch) throw new UserError(tally.failure.message);
    return stop.aborted && !options.watch ? 130 : 0;
  } finally {
    output.end();
    for (const service of opened) await service.close();
  }
}

async function announce(output: Output, postgres: OpenPostgres, queue: OpenQueue, yes: boolean): Promise<void> {
  output.line(`Postgres   ${postgres.label}`);
  output.line(`Queue      ${queue.label}`);
  const pending = await migrateTarget(postgres, { dryRun: true });
  output.line(`Migrations ${pending.length === 0 ? "none pending" : pending.join(", ")}`);
  await confirmTargets([postgres, queue], yes);
  await migrateTarget(postgres);
}

interface Run {
  home: Home;
  postgres: OpenPostgres;
  queue: OpenQueue;
  tally: Tally;
  stop: AbortSignal;
}

async function drain(options: StartOptions, output: Output, { home, postgres, queue, tally, stop }: Run): Promise<Draining> {
  const masterKey = options.masking === "hmac" ? localMasterKey(home, postgres) : undefined;
  const pipeline = localPipeline(options.masking);
  const containers = Array.from({ length: CONTAINERS }, () => localContainer(pipeline, postgres, masterKey, tally));
  const draining = drained(queue, tally, output);
  const failed = new AbortController();
  try {
    await consume(
      {
        client: queue.client,
        queueUrl: queue.queueUrl,
        queueArn: (await queueState(queue.client, queue.queueUrl)).arn,
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
          if (options.watch) output.line(`Batch failed: ${tally.failure?.message ?? "the handler threw"}`);
          else failed.abort();
        },
        ...(!options.watch && { onIdle: () => draining.isDone() }),
      },
      AbortSignal.any([stop, failed.signal]),
    );
  } finally {
    await Promise.all(containers.map((container) => container.close()));
  }
  return draining;
}

/** The first Ctrl-C lets the batch under way end; another one, a second later, ends at once. */
function stopOnInterrupt(output: Output): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (first && Date.now() - first > 1000) process.exit(130);
      if (!first) output.line("Stopping: the batch under way ends first.");
      first ||= Date.now();
      controller.abort();
    });
  }
  return controller.signal;
}
