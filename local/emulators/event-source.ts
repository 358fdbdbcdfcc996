import { setTimeout as wait } from "node:timers/promises";
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Context, SQSEvent } from "aws-lambda";
import { failedIds } from "./batch-response.ts";
import { contextFor, sqsRecord } from "./sqs-event.ts";

/** A handler as Lambda calls it. */
export type Handler = (event: SQSEvent, context: Context) => Promise<unknown>;

export interface EventSourceOptions {
  client: SQSClient;
  queueUrl: string;
  queueArn: string;
  /** One for each batch that may be in flight: like Lambda's containers, each works on one batch at a time. */
  handlers: readonly Handler[];
  batchSize: number;
  /** Milliseconds to wait for a batch to fill, from its first message. */
  window: number;
  /** Milliseconds that an invocation may take. */
  timeout: number;
  /** Seconds that a receive waits for a first message. */
  poll: number;
  /** Told after each batch: its message ids, and what the handler threw. */
  onBatch?: (ids: readonly string[], error: unknown) => void;
  /** Asked whenever a receive brought nothing; true ends the run. */
  onIdle?: () => Promise<boolean>;
}

const RECEIVE_AT_ONCE = 10;
/** Milliseconds between receives of an empty queue where a receive does not wait itself. */
const PAUSE = 50;

/**
 * Consumes a queue as Lambda's event source mapping does: gathers a batch, invokes, deletes what is done. What failed is left alone: it
 * comes back when its visibility timeout ends, and goes to the dead-letter queue by the queue's own policy.
 * @param signal ends the run once the batches under way have ended
 */
export async function consume(options: EventSourceOptions, signal: AbortSignal): Promise<void> {
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  const workers = options.handlers.map((handler) =>
    work(options, handler, either, () => failure.abort()).catch((error: unknown) => {
      failure.abort();
      throw error;
    }),
  );
  const results = await Promise.allSettled(workers);
  const broken = results.find((result) => result.status === "rejected");
  if (broken) throw broken.reason;
}

async function work(options: EventSourceOptions, handler: Handler, signal: AbortSignal, finish: () => void): Promise<void> {
  while (!signal.aborted) {
    const batch = await gather(options, signal);
    if (batch.length > 0) await settle(options, handler, batch);
    else if (await options.onIdle?.()) finish();
    else if (options.poll === 0) await wait(PAUSE, undefined, { signal }).catch(() => {});
  }
}

/** A batch is full, or its window has passed, or (without a window) the queue has no more at the moment. */
async function gather(options: EventSourceOptions, signal: AbortSignal): Promise<Message[]> {
  const { batchSize, window, poll } = options;
  const batch: Message[] = [];
  let closes = 0;
  while (batch.length < batchSize && !signal.aborted) {
    const left = Math.max(0, closes - Date.now());
    const seconds = batch.length === 0 ? poll : Math.min(poll, Math.floor(left / 1000));
    const received = await receive(options, Math.min(RECEIVE_AT_ONCE, batchSize - batch.length), seconds, signal);
    if (batch.length === 0) closes = Date.now() + window;
    batch.push(...received);
    const isOver = window > 0 ? Date.now() >= closes : received.length === 0;
    if (batch.length === 0 || isOver) break;
    if (received.length === 0) await wait(Math.min(PAUSE, left), undefined, { signal }).catch(() => {});
  }
  return batch;
}

async function receive({ client, queueUrl }: EventSourceOptions, most: number, seconds: number, signal: AbortSignal): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: most,
    WaitTimeSeconds: seconds,
    MessageSystemAttributeNames: ["All"],
    // The name that it had before 2024, and all that servers of then know.
    AttributeNames: ["All"],
    MessageAttributeNames: ["All"],
  });
  try {
    return (await client.send(command, { abortSignal: signal })).Messages ?? [];
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}

async function settle(options: EventSourceOptions, handler: Handler, batch: readonly Message[]): Promise<void> {
  const ids = batch.map(({ MessageId = "" }) => MessageId);
  const event = { Records: batch.map((message) => sqsRecord(message, options.queueArn)) };
  let failed: ReadonlySet<string> = new Set(ids);
  let thrown: unknown;
  try {
    failed = failedIds(await inTime(handler(event, contextFor(options.timeout)), options.timeout), new Set(ids));
  } catch (error) {
    thrown = error;
  }
  const done = batch.filter(({ MessageId = "" }) => !failed.has(MessageId));
  await Promise.all(tens(done).map((ten) => remove(options, ten)));
  options.onBatch?.(ids, thrown);
}

async function remove({ client, queueUrl }: EventSourceOptions, messages: readonly Message[]): Promise<void> {
  // An entry that is not deleted comes back, and is found to be a duplicate.
  await client.send(
    new DeleteMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle })),
    }),
  );
}

async function inTime<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  const late = new AbortController();
  const timeout = wait(milliseconds, undefined, { signal: late.signal }).then(() => {
    throw new Error(`the invocation took longer than ${milliseconds} ms`);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    late.abort();
    timeout.catch(() => {});
  }
}

/** SQS deletes and takes ten at a time. */
function tens<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / 10) }, (_, i) => items.slice(i * 10, i * 10 + 10));
}
