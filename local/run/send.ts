import { randomUUID } from "node:crypto";
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Outgoing } from "./messages-file.ts";

/** SQS's limits for one request: ten messages, 1 MiB together. Half of that leaves room for attributes. */
const MOST_MESSAGES = 10;
const MOST_BYTES = 512 * 1024;
const AT_ONCE = 4;
/** A whole request is refused for one of its messages: each is then tried alone. */
const REFUSED_WHOLE = /InvalidMessageContents|BatchRequestTooLong|InvalidParameterValue/;

/** A message that SQS has taken: its position among those to be sent, from 1, and its id. */
export interface Taken {
  readonly position: number;
  readonly messageId: string;
}

export interface SendOptions {
  onSent?: (taken: readonly Taken[]) => void;
  /** Told of a message that SQS does not take: its position, and SQS's code. */
  onRefused?: (position: number, code: string) => void;
  /** Ends the sending once the requests under way have ended. */
  signal?: AbortSignal;
}

/**
 * Sends messages, several requests at once. One that SQS does not take (too long, a control character) does not hold up the others.
 * @returns the SQS message ids of those that were sent, in the messages' order
 */
export async function sendMessages(
  client: SQSClient,
  queueUrl: string,
  messages: readonly Outgoing[],
  options: SendOptions = {},
): Promise<string[]> {
  const batches = split(messages);
  const all: Taken[] = [];
  const sender = async () => {
    for (let batch = batches.shift(); batch && !options.signal?.aborted; batch = batches.shift()) {
      const { taken, refused } = await sendBatch(client, queueUrl, batch);
      for (const { position, code } of refused) {
        if (batch.length > 1) batches.push(batch.filter((one) => one.position === position));
        else options.onRefused?.(position, code);
      }
      all.push(...taken);
      options.onSent?.(taken);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  return inOrder(all);
}

/** The message ids by their messages' positions. */
export function inOrder(taken: readonly Taken[]): string[] {
  return taken.toSorted((a, b) => a.position - b.position).map(({ messageId }) => messageId);
}

interface Positioned {
  message: Outgoing;
  position: number;
}

interface Answers {
  taken: Taken[];
  refused: { position: number; code: string }[];
}

async function sendBatch(client: SQSClient, queueUrl: string, batch: readonly Positioned[]): Promise<Answers> {
  const Entries = batch.map(({ message, position }) => ({
    Id: String(position),
    MessageBody: message.body,
    MessageAttributes: message.attributes,
    ...(queueUrl.endsWith(".fifo") && { MessageGroupId: "masqueue", MessageDeduplicationId: randomUUID() }),
  }));
  try {
    const { Failed = [], Successful = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    return {
      taken: Successful.map(({ Id, MessageId = "" }) => ({ position: Number(Id), messageId: MessageId })),
      refused: Failed.map(({ Id, Code = "refused" }) => ({ position: Number(Id), code: Code })),
    };
  } catch (error) {
    if (!(error instanceof Error) || !REFUSED_WHOLE.test(error.name)) throw error;
    return { taken: [], refused: batch.map(({ position }) => ({ position, code: error.name })) };
  }
}

function split(messages: readonly Outgoing[]): Positioned[][] {
  const batches: Positioned[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [i, message] of messages.entries()) {
    const size = Buffer.byteLength(message.body);
    if (bytes + size > MOST_BYTES || batches.at(-1)?.length === MOST_MESSAGES) {
      batches.push([]);
      bytes = 0;
    }
    bytes += size;
    batches.at(-1)?.push({ message, position: i + 1 });
  }
  return batches;
}
