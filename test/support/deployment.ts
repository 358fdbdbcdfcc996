import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import { ENV, ingestStackName, OUTPUTS } from "../../lambda/names.ts";
import { consume } from "../../local/emulators/event-source.ts";
import { startLambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import { DEAD_LETTER_QUEUE } from "../../local/emulators/sqs.ts";
import { readQueue } from "../../local/targets/queue.ts";
import { type StandIn, startAws } from "./aws.ts";
import { bundleFunction } from "./bundle.ts";
import { TEST_SECRET } from "./container.ts";
import { createDatabase, type TestDatabase } from "./database.ts";
import { createQueue, type TestQueue } from "./queue.ts";

export const EVENT_SOURCE = "a1b2c3d4-0000-4000-8000-000000000000";
const FUNCTION = "masqueue-dev-user-logins";
const LOG_GROUP = "/masqueue/dev/user-logins";

/** Stage `dev` with pipeline `user-logins`: the deployed bundle under Lambda's runtime, on a real database and queue; the rest of AWS is a stand-in. */
export interface Deployment {
  readonly aws: StandIn;
  readonly queue: TestQueue;
  readonly database: TestDatabase;
  /** The variables by which the tool finds it. */
  readonly variables: Record<string, string>;
  /** Hands messages to the function until the deployment is stopped. */
  enable(): void;
  stop(): Promise<void>;
}

export async function deploy(): Promise<Deployment> {
  const database = await createDatabase();
  const queue = await createQueue();
  const bundle = await bundleFunction();
  const aws = await startAws();
  const lambda = await startLambda(bundle.folder, { ...databaseVariables(database), [ENV.keyFile]: keyFile(bundle.folder) });
  const lines = () =>
    lambda
      .output()
      .toString("utf8")
      .split("\n")
      .filter((text) => text.startsWith("{"));
  const { QueueUrl = "" } = await queue.client.send(new GetQueueUrlCommand({ QueueName: DEAD_LETTER_QUEUE }));
  aws.stacks[ingestStackName("dev", "user-logins")] = {
    [OUTPUTS.queueUrl]: queue.url,
    [OUTPUTS.deadLetterQueueUrl]: QueueUrl,
    [OUTPUTS.functionName]: FUNCTION,
    [OUTPUTS.logGroup]: LOG_GROUP,
    [OUTPUTS.eventSource]: EVENT_SOURCE,
  };
  aws.eventSources[EVENT_SOURCE] = { UUID: EVENT_SOURCE, State: "Enabled", StateTransitionReason: "USER_INITIATED" };
  aws.functions[FUNCTION] = async (event) => ({ ...(await lambda.invoke(event)), log: lambda.output().toString("utf8") });
  aws.logs[LOG_GROUP] = () => lines().map((text) => ({ at: Date.parse(JSON.parse(text).timestamp) || Date.now(), text }));
  const ending = new AbortController();
  let consuming = Promise.resolve();
  return {
    ...{ aws, queue, database },
    variables: {
      ...{ AWS_ENDPOINT_URL: aws.endpoint, AWS_ENDPOINT_URL_SQS: queue.endpoint },
      ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    },
    enable() {
      const { client, url: queueUrl } = queue;
      const handler = async (event: unknown) => {
        const { payload, isError } = await lambda.invoke(event);
        if (isError) throw new Error("the function failed");
        return payload;
      };
      const options = { client, queueUrl, handlers: [handler], batchSize: 10, window: 0, timeout: 10_000, poll: 0 };
      consuming = readQueue({ client, queueUrl, label: queueUrl }).then(({ arn }) => consume({ ...options, queueArn: arn }, ending.signal));
    },
    async stop() {
      ending.abort();
      await consuming;
      await lambda.stop();
      await aws.stop();
      await queue.stop();
      await database.drop();
      bundle.remove();
    },
  };
}

function databaseVariables({ config }: TestDatabase): Record<string, string> {
  const { host = "", port, user = "", password, database = "" } = config;
  return {
    ...{ [ENV.pipeline]: "user-logins", [ENV.host]: host, [ENV.port]: String(port), [ENV.database]: database, [ENV.sslMode]: "disable" },
    ...{ [ENV.user]: user, [ENV.password]: String(password) },
  };
}

function keyFile(folder: string): string {
  const file = join(folder, "mask.key");
  writeFileSync(file, TEST_SECRET);
  return file;
}
