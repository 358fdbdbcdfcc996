import { GetQueueUrlCommand, type Message, type MessageAttributeValue, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach } from "@jest/globals";
import { DEAD_LETTER_QUEUE } from "../../local/emulators/sqs.ts";
import { sendMessages } from "../../local/run/send.ts";
import { createDatabase, type TestDatabase } from "./database.ts";
import { type Ended, masqueue } from "./masqueue.ts";
import { createQueue, type TestQueue } from "./queue.ts";
import { login } from "./records.ts";

/** A queue with dead letters, and a database; new for each test. */
export interface DeadLetters {
  readonly queue: TestQueue;
  readonly database: TestDatabase;
  /** Runs `masqueue dlq … --env`. @param env of {@link withDatabase}. @default without the database */
  dlq(args: string[], env?: Record<string, string>): Promise<Ended>;
  withDatabase(): Record<string, string>;
  /** Puts messages into the dead-letter queue. @returns their ids */
  bury(bodies: readonly unknown[], attributes?: Record<string, MessageAttributeValue>): Promise<string[]>;
  /** Receives all messages that are visible. */
  receiveDead(): Promise<Message[]>;
  receiveLive(): Promise<Message[]>;
}

export const text = (StringValue: string): MessageAttributeValue => ({ DataType: "String", StringValue });
export const CANARY = "canary-203.0.113.9";
/** A login that is rejected, with personal values. */
export const BAD = { ...login({ ip: CANARY, device_id: CANARY }), user_id: null };

/** Registers the hooks that set {@link DeadLetters} up for each test of a file. */
export function useDeadLetters(): DeadLetters {
  const fixture = {} as { -readonly [Name in keyof DeadLetters]: DeadLetters[Name] };
  beforeEach(async () => {
    const [queue, database] = await Promise.all([createQueue(), createDatabase()]);
    const { QueueUrl: deadLetterUrl = "" } = await queue.client.send(new GetQueueUrlCommand({ QueueName: DEAD_LETTER_QUEUE }));
    const aws = {
      ...{ QUEUE_URL: queue.url, AWS_ENDPOINT_URL: queue.endpoint },
      ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    };
    const { host = "", port, user = "", password, database: name = "" } = database.config;
    const postgres = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: String(password), PGDATABASE: name };
    Object.assign(fixture, { queue, database });
    fixture.dlq = (args, env = aws) => masqueue(["dlq", ...args, "--env"], env);
    fixture.withDatabase = () => ({ ...aws, ...postgres });
    fixture.bury = (bodies, attributes = {}) =>
      sendMessages(
        queue.client,
        deadLetterUrl,
        bodies.map((body) => ({ body: typeof body === "string" ? body : JSON.stringify(body), attributes })),
      );
    fixture.receiveDead = () => receiveAll(queue, deadLetterUrl);
    fixture.receiveLive = () => receiveAll(queue, queue.url);
  });
  afterEach(async () => {
    await fixture.queue.stop();
    await fixture.database.drop();
  });
  return fixture;
}

async function receiveAll({ client }: TestQueue, url: string): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 60 },
        ...{ MessageSystemAttributeNames: ["All"], MessageAttributeNames: ["All"] },
      }),
    );
    if (Messages.length === 0) return all;
    all.push(...Messages);
  }
}
