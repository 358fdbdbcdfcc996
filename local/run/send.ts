import { randomUUID } from "node:crypto";
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { explainQueueErrors, type Queue } from "../targets/queue.ts";
import type { Output } from "../terminal/progress.ts";
import { interrupted } from "../terminal/signals.ts";
import type { Outgoing } from "./messages-file.ts";

/** SQS's limits for one request: ten messages, 1 MiB together. Half of that leaves room for attributes. */
const MAX_MESSAGES = 10;
const MAX_BYTES = 512 * 1024;
const CONCURRENCY = 4;
/** SQS refuses a whole request because of one of its messages: each is then sent alone. */
const REFUSED_REQUEST = /InvalidMessageContents|BatchRequestTooLong|InvalidParameterValue/;

/** A message that SQS has accepted: its position in the file, from 1, and its id. */
export interface SentMessage {
  readonly position: number;
  readonly messageId: string;
}

export interface SendOptions {
  onSent?: (sent: readonly SentMessage[]) => void;
  /** Called for a message that SQS refuses, with SQS's code. */
  onRefused?: (position: number, code: string) => void;
  /** Ends the sending once the requests in progress have ended. */
  signal?: AbortSignal;
}

/**
 * Sends messages and shows the progress, until a Ctrl-C. @param onSent called after each request
 * @returns how many messages SQS refused @throws UserError if the queue cannot be used
 */
export async function sendWithProgress(
  output: Output,
  { client, queueUrl, label }: Queue,
  messages: readonly Outgoing[],
  onSent: (sent: readonly SentMessage[]) => void = () => {},
): Promise<number> {
  let refused = 0;
  const sending = sendMessages(client, queueUrl, messages, {
    onSent(sent) {
      onSent(sent);
      output.sent(sent.length);
    },
    onRefused(position, code) {
      refused++;
      output.line(`Not sent: SQS refused message ${position} of the file (${code}).`);
    },
    signal: interrupted,
  });
  await explainQueueErrors(label, sending);
  return refused;
}

/**
 * Sends messages, several requests at once. A message that SQS refuses (too long, a control character) does not hold up the others.
 * @returns the SQS message ids of those that were sent, in the messages' order
 */
export async function sendMessages(
  client: SQSClient,
  queueUrl: string,
  messages: readonly Outgoing[],
  options: SendOptions = {},
): Promise<string[]> {
  const batches = splitIntoBatches(messages);
  const all: SentMessage[] = [];
  const work = async () => {
    for (let batch = batches.shift(); batch && !options.signal?.aborted; batch = batches.shift()) {
      const { sent, refused } = await sendBatch(client, queueUrl, batch);
      for (const { position, code } of refused) {
        if (batch.length > 1) batches.push(batch.filter((one) => one.position === position));
        else options.onRefused?.(position, code);
      }
      all.push(...sent);
      options.onSent?.(sent);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return sortIds(all);
}

/** The message ids in the order of the messages. */
export function sortIds(sent: readonly SentMessage[]): string[] {
  return sent.toSorted((a, b) => a.position - b.position).map(({ messageId }) => messageId);
}

interface Positioned {
  message: Outgoing;
  position: number;
}

interface SendResult {
  sent: SentMessage[];
  refused: { position: number; code: string }[];
}

async function sendBatch(client: SQSClient, queueUrl: string, batch: readonly Positioned[]): Promise<SendResult> {
  const Entries = batch.map(({ message, position }) => ({
    Id: String(position),
    MessageBody: message.body,
    MessageAttributes: message.attributes,
    ...(queueUrl.endsWith(".fifo") && { MessageGroupId: "masqueue", MessageDeduplicationId: randomUUID() }),
  }));
  try {
    const { Failed = [], Successful = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    return {
      sent: Successful.map(({ Id, MessageId = "" }) => ({ position: Number(Id), messageId: MessageId })),
      refused: Failed.map(({ Id, Code = "refused" }) => ({ position: Number(Id), code: Code })),
    };
  } catch (error) {
    if (!(error instanceof Error) || !REFUSED_REQUEST.test(error.name)) throw error;
    return { sent: [], refused: batch.map(({ position }) => ({ position, code: error.name })) };
  }
}

function splitIntoBatches(messages: readonly Outgoing[]): Positioned[][] {
  const batches: Positioned[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [i, message] of messages.entries()) {
    const size = Buffer.byteLength(message.body);
    if (bytes + size > MAX_BYTES || batches.at(-1)?.length === MAX_MESSAGES) {
      batches.push([]);
      bytes = 0;
    }
    bytes += size;
    batches.at(-1)?.push({ message, position: i + 1 });
  }
  return batches;
}
