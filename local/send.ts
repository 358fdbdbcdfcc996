import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Outgoing } from "./messages-file.ts";
import { UserError } from "./user-error.ts";

/** SQS's limits for one request: ten messages, 1 MiB together. Half of that leaves room for attributes. */
const MOST_MESSAGES = 10;
const MOST_BYTES = 512 * 1024;
const AT_ONCE = 4;

/**
 * Sends messages, several requests at once.
 * @param onSent told how many more were sent
 * @returns their SQS message ids
 * @throws UserError where SQS refuses one, naming its position
 */
export async function sendMessages(
  client: SQSClient,
  queueUrl: string,
  messages: readonly Outgoing[],
  onSent: (count: number) => void,
): Promise<string[]> {
  const batches = split(messages);
  const ids: string[] = [];
  const sender = async () => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const Entries = batch.map(({ message, position }) => ({
        Id: String(position),
        MessageBody: message.body,
        MessageAttributes: message.attributes,
      }));
      const { Failed = [], Successful = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      if (Failed[0])
        throw new UserError(`SQS refused message ${Number(Failed[0].Id) + 1}: ${Failed[0].Code}. The ones before it were sent.`);
      ids.push(...Successful.map(({ MessageId = "" }) => MessageId));
      onSent(batch.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  return ids;
}

interface Positioned {
  message: Outgoing;
  position: number;
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
