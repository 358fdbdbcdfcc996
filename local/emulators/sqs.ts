import { CreateQueueCommand, GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";
import { explained } from "../targets/sqs-errors.ts";

const REGION = "us-east-1";
export const QUEUE = "login-queue";
export const DEAD_LETTER_QUEUE = "login-queue-dlq";
const MAX_RECEIVE_COUNT = 3;

export interface EmbeddedSqs {
  readonly client: SQSClient;
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Starts an SQS server in this process, on loopback only: the queue holds raw values. Its state ends with the run. */
export async function startSqs(): Promise<EmbeddedSqs> {
  const app = buildApp({ logger: false, defaultRegion: REGION });
  const endpoint = await app.listen({ port: 0, host: "127.0.0.1" });
  // Complete, so that nothing is taken from the environment or a profile.
  const client = new SQSClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: "embedded", secretAccessKey: "embedded" },
    profile: undefined,
  });
  return {
    client,
    endpoint,
    async stop() {
      client.destroy();
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

/**
 * Makes the queue and its dead-letter queue.
 * @param visibilityTimeout seconds after which a message that failed comes back
 * @returns the queue's URL
 */
export async function createQueues(client: SQSClient, visibilityTimeout: number): Promise<string> {
  const deadLetters = await client.send(new CreateQueueCommand({ QueueName: DEAD_LETTER_QUEUE }));
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: deadLetters.QueueUrl, AttributeNames: ["QueueArn"] }));
  const queue = await client.send(
    new CreateQueueCommand({
      QueueName: QUEUE,
      Attributes: {
        VisibilityTimeout: String(visibilityTimeout),
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: MAX_RECEIVE_COUNT }),
      },
    }),
  );
  return queue.QueueUrl as string;
}

/** A queue, and what it is called when something is said of it. */
export interface Queue {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly label: string;
}

/** What stands in a queue, and how long its failed messages take to the dead-letter queue. */
export interface QueueState {
  /** Messages of every kind: visible, in flight, delayed. SQS calls the figures approximate. */
  readonly depth: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** Seconds after which a message that was received and not deleted comes back. */
  readonly visibilityTimeout: number;
  readonly arn: string;
  readonly deadLetterArn: string | null;
  /** Seconds from a message's first receive to its move; null without a dead-letter queue. */
  readonly secondsToDeadLetter: number | null;
}

/** As {@link readQueue}; what goes wrong is explained. */
export async function queueState({ client, queueUrl, label }: Queue): Promise<QueueState> {
  return explained(label, readQueue(client, queueUrl));
}

/** @throws what the SDK throws */
export async function readQueue(client: SQSClient, queueUrl: string, abortSignal?: AbortSignal): Promise<QueueState> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] });
  const { Attributes = {} } = await client.send(command, { abortSignal });
  const number = (name: keyof typeof Attributes) => Number(Attributes[name] ?? 0);
  const redrive = Attributes.RedrivePolicy
    ? (JSON.parse(Attributes.RedrivePolicy) as { deadLetterTargetArn: string; maxReceiveCount: number | string })
    : null;
  const inFlight = number("ApproximateNumberOfMessagesNotVisible");
  const delayed = number("ApproximateNumberOfMessagesDelayed");
  return {
    ...{ depth: number("ApproximateNumberOfMessages") + inFlight + delayed, inFlight, delayed },
    visibilityTimeout: number("VisibilityTimeout"),
    arn: Attributes.QueueArn ?? "",
    deadLetterArn: redrive?.deadLetterTargetArn ?? null,
    secondsToDeadLetter: redrive && Number(redrive.maxReceiveCount) * number("VisibilityTimeout"),
  };
}

/** How many messages wait in the dead-letter queue; 0 where there is none, or none that we may look into. */
export async function deadLetterDepth(queue: Queue): Promise<number> {
  const { deadLetterArn } = await queueState(queue);
  return deadLetterArn
    ? readQueueOf(queue.client, deadLetterArn).then(
        ({ depth }) => depth,
        () => 0,
      )
    : 0;
}

/** As {@link readQueue}, by the queue's ARN. */
export async function readQueueOf(client: SQSClient, arn: string): Promise<QueueState> {
  const [, , , , QueueOwnerAWSAccountId, QueueName] = arn.split(":");
  const { QueueUrl = "" } = await client.send(new GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId }));
  return readQueue(client, QueueUrl);
}
