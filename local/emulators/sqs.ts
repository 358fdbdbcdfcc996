import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";

const REGION = "us-east-1";
export const QUEUE = "login-queue";
export const DEAD_LETTER_QUEUE = "login-queue-dlq";
const MAX_RECEIVE_COUNT = 3;

export type EmbeddedSqs = Awaited<ReturnType<typeof startSqs>>;

/** Connects to an embedded server. Complete, so that the SDK takes nothing from the environment or a profile. */
export function connectSqs(endpoint: string): SQSClient {
  const credentials = { accessKeyId: "embedded", secretAccessKey: "embedded" };
  return new SQSClient({ endpoint, region: REGION, credentials, profile: undefined });
}

/** Starts an SQS server in this process, on loopback only, because the queue holds raw values. Its state ends with the run. */
export async function startSqs() {
  const app = buildApp({ logger: false, defaultRegion: REGION });
  const endpoint = await app.listen({ port: 0, host: "127.0.0.1" });
  const client = connectSqs(endpoint);
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
 * Creates the queue and its dead-letter queue.
 * @param visibilityTimeout seconds after which a message that failed comes back
 * @returns the queue's URL
 */
export async function createQueues(client: SQSClient, visibilityTimeout: number): Promise<string> {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: DEAD_LETTER_QUEUE }));
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  const redrivePolicy = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: MAX_RECEIVE_COUNT };
  const settings = { VisibilityTimeout: String(visibilityTimeout), RedrivePolicy: JSON.stringify(redrivePolicy) };
  const queue = await client.send(new CreateQueueCommand({ QueueName: QUEUE, Attributes: settings }));
  return queue.QueueUrl as string;
}
