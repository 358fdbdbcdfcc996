import { setTimeout as wait } from "node:timers/promises";
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Context, SQSEvent } from "aws-lambda";
import { isObject } from "../../lambda/pipelines/path.ts";
import * as errors from "../errors.ts";
import { createContext, toSqsRecord } from "./sqs-event.ts";

/** A handler as Lambda calls it. */
export type Handler = (event: SQSEvent, context: Context) => Promise<unknown>;

export interface EventSourceOptions {
  client: SQSClient;
  queueUrl: string;
  queueArn: string;
  /** One for each batch in flight: like Lambda's containers, each works on one batch at a time. */
  handlers: readonly Handler[];
  batchSize: number;
  /** Milliseconds to wait for a batch to fill, from its first message. */
  window: number;
  /** Milliseconds that an invocation may take. @default 30,000 */
  timeout?: number;
  /** Seconds that a receive waits for a first message. */
  poll: number;
  /** Called after each batch with what the handler threw. */
  onBatch?: (error: unknown) => void;
  /** Called when a receive returned nothing; true ends the run. */
  onIdle?: () => Promise<boolean>;
}

/** What SQS receives, and deletes, in one request. */
const MAX_MESSAGES = 10;
/** Milliseconds between receives of an empty queue if a receive does not wait itself. */
const PAUSE = 50;

/**
 * Consumes a queue as Lambda's event source mapping does: gathers a batch, invokes, deletes what is done. It leaves failed messages alone:
 * they come back after the visibility timeout, and go to the dead-letter queue by the queue's own policy.
 * @param signal ends the run once the batches in flight have ended
 */
export async function consume(options: EventSourceOptions, signal: AbortSignal): Promise<void> {
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const workers = options.handlers.map((handler) => work(options, handler, either).finally(() => ending.abort()));
  const results = await Promise.allSettled(workers);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

/** Works until the signal, or until an idle queue ends the run. */
async function work(options: EventSourceOptions, handler: Handler, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const batch = await gather(options, signal);
    if (batch.length > 0) await settle(options, handler, batch);
    else if (await options.onIdle?.()) return;
    else if (options.poll === 0) await pause(PAUSE, signal);
  }
}

/** Receives until the batch is full, or its window has passed, or (without a window) the queue has no more at the moment. */
async function gather(options: EventSourceOptions, signal: AbortSignal): Promise<Message[]> {
  const { batchSize, window, poll } = options;
  const batch: Message[] = [];
  let closes = 0;
  while (batch.length < batchSize && !signal.aborted) {
    const left = Math.max(0, closes - Date.now());
    const seconds = batch.length === 0 ? poll : Math.min(poll, Math.floor(left / 1000));
    const received = await receive(options, Math.min(MAX_MESSAGES, batchSize - batch.length), seconds, signal);
    if (batch.length === 0) closes = Date.now() + window;
    batch.push(...received);
    const isOver = window > 0 ? Date.now() >= closes : received.length === 0;
    if (batch.length === 0 || isOver) break;
    if (received.length === 0) await pause(Math.min(PAUSE, left), signal);
  }
  return batch;
}

async function receive({ client, queueUrl }: EventSourceOptions, max: number, seconds: number, signal: AbortSignal): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: max,
    WaitTimeSeconds: seconds,
    MessageSystemAttributeNames: ["All"],
    // The parameter's name before 2024, and the only one that servers of that time know.
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

/** Invokes the handler with a batch, and deletes its messages but for those that failed. */
async function settle(options: EventSourceOptions, handler: Handler, batch: readonly Message[]): Promise<void> {
  const { client, queueUrl, queueArn, timeout = 30_000 } = options;
  const ids = new Set(batch.map(({ MessageId = "" }) => MessageId));
  const event = { Records: batch.map((message) => toSqsRecord(message, queueArn)) };
  let failed: ReadonlySet<string> = ids;
  let thrown: unknown;
  try {
    failed = readFailedIds(await withTimeout(handler(event, createContext(timeout)), timeout), ids);
  } catch (error) {
    thrown = error;
  }
  const done = batch.filter(({ MessageId = "" }) => !failed.has(MessageId));
  const entries = done.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
  const requests = Object.values(Object.groupBy(entries, (_, i) => Math.floor(i / MAX_MESSAGES)));
  // An entry that SQS does not delete comes back as a duplicate.
  await Promise.all(requests.map((Entries) => client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }))));
  options.onBatch?.(thrown);
}

/**
 * Reads a handler's response as Lambda's event source mapping does.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 * @param ids the batch's message ids
 * @returns the ids that failed: none for an empty response, all for an invalid one
 */
export function readFailedIds(response: unknown, ids: ReadonlySet<string>): ReadonlySet<string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(JSON.stringify(response) ?? "null");
  } catch {
    return ids;
  }
  if (parsed !== null && !isObject(parsed)) return ids;
  const failures = parsed?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return ids;
  const failed = (failures as unknown[]).map((failure) => (isObject(failure) ? failure.itemIdentifier : undefined));
  const areValid = failed.every((id) => typeof id === "string" && ids.has(id));
  return areValid ? new Set(failed as string[]) : ids;
}

function withTimeout<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(errors.slowInvocation(milliseconds)), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Waits, but no longer than until the signal. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return wait(milliseconds, undefined, { signal }).catch(() => {});
}
