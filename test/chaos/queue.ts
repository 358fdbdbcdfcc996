import { GetQueueUrlCommand, ReceiveMessageCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { connectSqs, createQueues, DEAD_LETTER_QUEUE, startSqs } from "../../local/emulators/sqs.ts";
import { sendMessages } from "../../local/run/send.ts";
import { countDeadLetters, readQueueAt } from "../../local/targets/queue.ts";
import type { Planned } from "./messages.ts";

/** Seconds after which a message that was not deleted comes back. */
const VISIBILITY = 6;
/** A message survives (30 - 1) x 6 s without a good delivery. */
const MAX_RECEIVE_COUNT = 30;

/** The queue of a run. */
export type ChaosQueue = Awaited<ReturnType<typeof createQueue>>;

export async function createQueue() {
  const { client, endpoint, stop } = await startSqs();
  const queueUrl = await createQueues(client, VISIBILITY);
  const queue = { client, queueUrl, label: queueUrl };
  const { arn, deadLetterArn } = await readQueueAt(client, queueUrl);
  const setPolicy = async (maxReceiveCount: number) => {
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadLetterArn, maxReceiveCount });
    await client.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { RedrivePolicy } }));
  };
  await setPolicy(MAX_RECEIVE_COUNT);

  /** The event source's client. */
  const source = connectSqs(endpoint);
  const faults = { losesReceives: false, failsDeletes: false };
  source.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const isLost = faults.losesReceives && commandName === "ReceiveMessageCommand";
        if (faults.failsDeletes && commandName === "DeleteMessageBatchCommand") return { response: {}, output: EMPTY };
        const result = await next(args);
        return isLost ? { response: {}, output: EMPTY } : result;
      },
    { step: "initialize" },
  );

  return {
    ...{ source, faults, queueUrl, arn, stop },
    /** Sends messages. @returns their ids */
    send: (messages: readonly Planned[]) =>
      sendMessages(
        client,
        queueUrl,
        messages.map(({ body, attributes }) => ({
          body,
          attributes: Object.fromEntries(
            Object.entries(attributes).map(([name, text]) => [name, { DataType: "String", StringValue: text }]),
          ),
        })),
      ),
    depth: async () => (await readQueueAt(client, queueUrl)).depth,
    countDeadLetters: () => countDeadLetters(queue),
    /** From now on, a message that was delivered before goes to the dead-letter queue. */
    deadLetterAll: () => setPolicy(1),
    async readDeadLetters(): Promise<string[]> {
      const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: DEAD_LETTER_QUEUE }));
      const ids: string[] = [];
      for (;;) {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
        );
        if (Messages.length === 0) return ids;
        ids.push(...Messages.map(({ MessageId = "" }) => MessageId));
      }
    },
  };
}

/** A response that names no message. */
const EMPTY = { $metadata: {} };
