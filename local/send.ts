import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Outgoing } from "./messages-file.ts";

/** SQS's limits for one request: ten messages, 1 MiB together. Half of that leaves room for attributes. */
const MOST_MESSAGES = 10;
const MOST_BYTES = 512 * 1024;
const AT_ONCE = 4;
/** A whole request is refused for one of its messages: each is then tried alone. */
const REFUSED_WHOLE = /InvalidMessageContents|BatchRequestTooLong|InvalidParameterValue/;

export interface SendOptions {
  onSent?: (count: number) => void;
  /** Told of a message that SQS does not take: its position, from 1, and SQS's code. */
  onRefused?: (position: number, code: string) => void;
  /** Ends the sending once the requests under way have ended. */
  signal?: AbortSignal;
}

/**
 * Sends messages, several requests at once. One that SQS does not take (too long, a control character) does not hold up the others.
 * @returns the SQS message ids of those that were sent
 */
export async function sendMessages(
  client: SQSClient,
  queueUrl: string,
  messages: readonly Outgoing[],
  options: SendOptions = {},
): Promise<string[]> {
  const batches = split(messages);
  const ids: string[] = [];
  const sender = async () => {
    for (let batch = batches.shift(); batch && !options.signal?.aborted; batch = batches.shift()) {
      const { sent, refused } = await sendBatch(client, queueUrl, batch);
      for (const { position, code } of refused) {
        if (batch.length > 1) batches.push(batch.filter((one) => one.position === position));
        else options.onRefused?.(position + 1, code);
      }
      ids.push(...sent);
      options.onSent?.(sent.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  return ids;
}

interface Positioned {
  message: Outgoing;
  position: number;
}

interface Sent {
  sent: string[];
  refused: { position: number; code: string }[];
}

async function sendBatch(client: SQSClient, queueUrl: string, batch: readonly Positioned[]): Promise<Sent> {
  const Entries = batch.map(({ message, position }) => ({
    Id: String(position),
    MessageBody: message.body,
    MessageAttributes: message.attributes,
  }));
  try {
    const { Failed = [], Successful = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    return {
      sent: Successful.map(({ MessageId = "" }) => MessageId),
      refused: Failed.map(({ Id, Code = "refused" }) => ({ position: Number(Id), code: Code })),
    };
  } catch (error) {
    if (!(error instanceof Error) || !REFUSED_WHOLE.test(error.name)) throw error;
    return { sent: [], refused: batch.map(({ position }) => ({ position, code: error.name })) };
  }
}

function split(messages: readonly Outgoing[]): Positioned[][] {
  const batches: Positioned[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [position, message] of messages.entries()) {
    const size = Buffer.byteLength(message.body);
    if (bytes + size > MOST_BYTES || batches.at(-1)?.length === MOST_MESSAGES) {
      batches.push([]);
      bytes = 0;
    }
    bytes += size;
    batches.at(-1)?.push({ message, position });
  }
  return batches;
}
