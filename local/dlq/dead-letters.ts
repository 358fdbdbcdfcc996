import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Queue } from "../targets/queue.ts";

/** A dead letter, received. It belongs to this command until it is deleted or released. */
export type DeadLetter = Message & { readonly MessageId: string; readonly ReceiptHandle: string };

/** What SQS takes in one request. */
const MAX_MESSAGES = 10;
/** Seconds for which a received message is hidden from others, if this command is killed. */
const HIDDEN = 600;
/** Receives in a row that bring only known messages; after that, the others count as absent. */
const MAX_STALE = 10;

/**
 * Receives dead letters, each once, in groups of up to ten, until there are no more. Those that the caller keeps are released at the end.
 * @param limit of messages
 * @param signal ends it after the current group
 */
export async function* receiveDeadLetters(queue: Queue, limit: number, signal: AbortSignal): AsyncGenerator<DeadLetterGroup> {
  const { client, queueUrl } = queue;
  /** By id; null if deleted. */
  const seen = new Map<string, DeadLetter | null>();
  try {
    for (let stale = 0; seen.size < limit && stale < MAX_STALE && !signal.aborted; stale++) {
      const received = await receive(client, queueUrl, limit - seen.size);
      if (received.length === 0) return;
      const fresh = received.filter(({ MessageId }) => !seen.has(MessageId));
      for (const message of received) seen.set(message.MessageId, message);
      if (fresh.length === 0) continue;
      stale = -1;
      yield {
        messages: fresh,
        async remove(messages) {
          await deleteAll(client, queueUrl, messages);
          for (const { MessageId } of messages) seen.set(MessageId, null);
        },
      };
    }
  } finally {
    await release(
      client,
      queueUrl,
      [...seen.values()].filter((message) => message !== null),
    );
  }
}

/** Dead letters of one request. */
export interface DeadLetterGroup {
  readonly messages: readonly DeadLetter[];
  /** Deletes messages of the group; the others are released in the end. */
  remove(messages: readonly DeadLetter[]): Promise<void>;
}

async function receive(client: SQSClient, QueueUrl: string, max: number): Promise<DeadLetter[]> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: Math.min(MAX_MESSAGES, max),
      VisibilityTimeout: HIDDEN,
      // A receive that does not wait asks only some of SQS's servers, and can miss messages.
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ["All"],
      AttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    }),
  );
  return Messages as DeadLetter[];
}

async function deleteAll(client: SQSClient, QueueUrl: string, messages: readonly DeadLetter[]): Promise<void> {
  for (const group of inGroups(messages))
    await client.send(
      new DeleteMessageBatchCommand({ QueueUrl, Entries: group.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle })) }),
    );
}

async function release(client: SQSClient, QueueUrl: string, messages: readonly DeadLetter[]): Promise<void> {
  for (const group of inGroups(messages)) {
    const Entries = group.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle, VisibilityTimeout: 0 }));
    await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
}

function inGroups<T>(items: readonly T[]): T[][] {
  return Object.values(Object.groupBy(items, (_, i) => Math.floor(i / MAX_MESSAGES))) as T[][];
}
