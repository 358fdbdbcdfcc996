import { randomUUID } from "node:crypto";
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from "@aws-sdk/client-sqs";
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

/** Positions are those of the messages, from 1. */
export interface SendOptions {
  onSent?: (position: number, messageId: string) => void;
  /** Called for a message that SQS refuses, with SQS's code. */
  onRefused?: (position: number, code: string) => void;
  /** Ends the sending once the requests in progress have ended. */
  signal?: AbortSignal;
}

/**
 * Sends messages and shows the progress, until a Ctrl-C.
 * @param ids filled with the message ids by position, also if the sending fails
 * @returns how many messages SQS refused
 * @throws UserError if the queue cannot be used
 */
export async function sendWithProgress(output: Output, queue: Queue, messages: readonly Outgoing[], ids: string[] = []): Promise<number> {
  let refused = 0;
  const sending = sendMessages(queue.client, queue.queueUrl, messages, {
    onSent(position, messageId) {
      ids[position] = messageId;
      output.sent();
    },
    onRefused(position, code) {
      refused++;
      output.line(`Not sent: SQS refused message ${position} of the file (${code}).`);
    },
    signal: interrupted,
  });
  await explainQueueErrors(queue.label, sending);
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
  { onSent, onRefused, signal }: SendOptions = {},
): Promise<string[]> {
  const batches = splitIntoBatches(messages, queueUrl.endsWith(".fifo"));
  const ids: string[] = [];
  const work = async () => {
    for (let batch = batches.shift(); batch && !signal?.aborted; batch = batches.shift()) {
      const { sent, refused } = await sendBatch(client, queueUrl, batch);
      for (const { Id, MessageId = "" } of sent) {
        ids[Number(Id)] = MessageId;
        onSent?.(Number(Id), MessageId);
      }
      for (const { Id, Code = "refused" } of refused) {
        if (batch.length > 1) batches.push(batch.filter((entry) => entry.Id === Id));
        else onRefused?.(Number(Id), Code);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return Object.values(ids);
}

async function sendBatch(client: SQSClient, QueueUrl: string, Entries: SendMessageBatchRequestEntry[]) {
  try {
    const { Successful: sent = [], Failed: refused = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    return { sent, refused };
  } catch (error) {
    if (!(error instanceof Error) || !REFUSED_REQUEST.test(error.name)) throw error;
    return { sent: [], refused: Entries.map(({ Id }) => ({ Id, Code: error.name })) };
  }
}

/** The entries of each request; an entry's id is the message's position. */
function splitIntoBatches(messages: readonly Outgoing[], isFifo: boolean): SendMessageBatchRequestEntry[][] {
  const batches: SendMessageBatchRequestEntry[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [i, { body, attributes }] of messages.entries()) {
    const size = Buffer.byteLength(body);
    if (bytes + size > MAX_BYTES || batches.at(-1)?.length === MAX_MESSAGES) {
      batches.push([]);
      bytes = 0;
    }
    bytes += size;
    const fifo = isFifo && { MessageGroupId: "masqueue", MessageDeduplicationId: randomUUID() };
    batches.at(-1)?.push({ Id: String(i + 1), MessageBody: body, MessageAttributes: attributes, ...fifo });
  }
  return batches;
}
