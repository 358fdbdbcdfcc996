import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { createQueues, DEAD_LETTER_QUEUE, QUEUE, startSqs } from "../emulators/sqs.ts";
import * as errors from "../errors.ts";
import type { Target } from "../terminal/confirm.ts";
import { explainError } from "../terminal/program.ts";
import { queueFromEnv } from "./from-env.ts";

/** A queue to work on: embedded, from the environment, or a stack's. */
export interface QueueTarget extends Target, AsyncDisposable {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly isEmbedded: boolean;
}

/** A queue, and its name in output and errors. */
export type Queue = Pick<QueueTarget, "client" | "queueUrl" | "label">;

/** Seconds: short, so that the user still sees a rejected message reach the dead-letter queue; a local batch takes milliseconds. */
const EMBEDDED_VISIBILITY_TIMEOUT = 1;

/** Opens an embedded queue, or with `env` (`--env`) that of the environment, if it names one. */
export async function openQueue(env: boolean): Promise<QueueTarget> {
  const fromEnv = env ? queueFromEnv(process.env) : null;
  if (fromEnv) return fromEnv;
  const { client, endpoint, stop } = await startSqs();
  const queueUrl = await createQueues(client, EMBEDDED_VISIBILITY_TIMEOUT).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const label = `embedded, ${QUEUE} at ${endpoint}, dead letters to ${DEAD_LETTER_QUEUE}`;
  return { client, queueUrl, label, isEmbedded: true, isLoopback: true, [Symbol.asyncDispose]: stop };
}

/** The content of a queue, and how soon its failed messages go to the dead-letter queue. */
export type QueueState = Awaited<ReturnType<typeof readQueueAt>>;

/** Reads a queue's state. @throws UserError */
export async function readQueue({ client, queueUrl, label }: Queue): Promise<QueueState> {
  return explainQueueErrors(label, readQueueAt(client, queueUrl));
}

/** As {@link readQueue}. @throws what the SDK throws */
export async function readQueueAt(client: SQSClient, queueUrl: string, abortSignal?: AbortSignal) {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] });
  const { Attributes = {} } = await client.send(command, { abortSignal });
  const number = (name: keyof typeof Attributes) => Number(Attributes[name] ?? 0);
  const redrive: { deadLetterTargetArn: string; maxReceiveCount: number | string } | null = JSON.parse(Attributes.RedrivePolicy || "null");
  const inFlight = number("ApproximateNumberOfMessagesNotVisible");
  const delayed = number("ApproximateNumberOfMessagesDelayed");
  return {
    /** Messages of every kind: visible, in flight, delayed. SQS calls the figures approximate. */
    depth: number("ApproximateNumberOfMessages") + inFlight + delayed,
    ...{ inFlight, delayed },
    /** Seconds after which a message that was received and not deleted comes back. */
    visibilityTimeout: number("VisibilityTimeout"),
    arn: Attributes.QueueArn ?? "",
    deadLetterArn: redrive?.deadLetterTargetArn ?? null,
    /** Seconds after which a message expires, from its first sending. */
    retention: number("MessageRetentionPeriod"),
    /** Seconds from a message's first receive to its move; null without a dead-letter queue. */
    secondsToDeadLetter: redrive && Number(redrive.maxReceiveCount) * number("VisibilityTimeout"),
  };
}

/** As {@link readQueueAt}, by the queue's ARN. */
export async function readQueueByArn(client: SQSClient, arn: string): Promise<QueueState> {
  return readQueueAt(client, await findQueueUrl(client, arn));
}

export async function findQueueUrl(client: SQSClient, arn: string): Promise<string> {
  const [, , , , QueueOwnerAWSAccountId, QueueName] = arn.split(":");
  const { QueueUrl = "" } = await client.send(new GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId }));
  return QueueUrl;
}

/** Counts the messages in a queue's dead-letter queue; 0 if it has none, or none that may be read. */
export async function countDeadLetters(queue: Queue): Promise<number> {
  const { deadLetterArn } = await readQueue(queue);
  const deadLetters = deadLetterArn ? await readQueueByArn(queue.client, deadLetterArn).catch(() => null) : null;
  return deadLetters?.depth ?? 0;
}

/** The usual errors of a first call, by the SDK's name or text, and what to do. */
const HELP: readonly (readonly [RegExp, string])[] = [
  [/NonExistentQueue|QueueDoesNotExist/, "it does not exist: check QUEUE_URL and AWS_REGION"],
  [/CredentialsProviderError/, "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"],
  [/Region is missing/, "the region is not known: set AWS_REGION"],
  [/AccessDenied|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient/, "the credentials do not permit it"],
];

/** Waits for a call of SQS. @throws UserError with the queue's label and what to do */
export async function explainQueueErrors<T>(label: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof errors.UserError) throw error;
    const text = error instanceof Error ? `${error.name} ${error.message}` : "";
    const help = HELP.find(([pattern]) => pattern.test(text))?.[1];
    throw errors.unusableQueue(label, help ?? explainError(error));
  }
}
