import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { consume, type EventSourceOptions, type Handler } from "../../local/emulators/event-source.ts";
import { createQueues, DEAD_LETTER_QUEUE, type EmbeddedSqs, startSqs } from "../../local/emulators/sqs.ts";
import { sendMessages } from "../../local/run/send.ts";
import { readQueue } from "../../local/targets/queue.ts";

export interface TestQueue {
  readonly client: SQSClient;
  readonly url: string;
  readonly endpoint: string;
  /** Sends bodies. @returns their message ids */
  send(...bodies: string[]): Promise<string[]>;
  depth(): Promise<number>;
  /** Message ids in the dead-letter queue. */
  deadLetters(): Promise<string[]>;
  /** Consumes until nothing is left. */
  drain(handler: Handler | Handler[], options?: Partial<EventSourceOptions>): Promise<void>;
  stop(): Promise<void>;
}

/** A queue with a dead-letter queue on a new SQS server; a failed message comes back after a second. */
export async function createQueue(): Promise<TestQueue> {
  const server = await startSqs();
  return queueOn(server, await createQueues(server.client, 1));
}

/** A queue without a dead-letter queue, as the take-home's. */
export async function createBareQueue(visibilityTimeout: number): Promise<TestQueue> {
  const server = await startSqs();
  const { QueueUrl = "" } = await server.client.send(
    new CreateQueueCommand({ QueueName: "login-queue", Attributes: { VisibilityTimeout: String(visibilityTimeout) } }),
  );
  return queueOn(server, QueueUrl);
}

function queueOn({ client, endpoint, stop }: EmbeddedSqs, url: string): TestQueue {
  const depth = async () => (await readQueue({ client, queueUrl: url, label: url })).depth;
  return {
    client,
    url,
    endpoint,
    stop,
    depth,
    send: (...bodies) =>
      sendMessages(
        client,
        url,
        bodies.map((body) => ({ body })),
      ),
    async deadLetters() {
      const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: DEAD_LETTER_QUEUE }));
      const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      return Messages.map(({ MessageId = "" }) => MessageId);
    },
    async drain(handler, options = {}) {
      const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }));
      const defaults = { client, queueUrl: url, queueArn: Attributes?.QueueArn ?? "", batchSize: 10, window: 0, timeout: 5_000, poll: 0 };
      const onIdle = async () => (await depth()) === 0;
      await consume({ ...defaults, handlers: [handler].flat(), onIdle, ...options }, AbortSignal.timeout(20_000));
    },
  };
}
