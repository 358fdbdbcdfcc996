import { readQueue } from "../emulators/sqs.ts";
import { type Facts, LOOK_BACK } from "../status/types.ts";
import type { NamedQueue } from "../targets/from-env.ts";
import type { Account } from "./account.ts";
import { ask } from "./ask.ts";
import { checkHealth, eventSourceState } from "./function.ts";
import { cloudWatchLog, lastFailure } from "./log.ts";
import { lagOf, rejectedByCode, trafficOf } from "./metrics.ts";
import type { Ingest } from "./stack.ts";

/** Seconds for a call of the function: a cold start, and its tries to reach the database. */
const FUNCTION_PATIENCE = 60;

/** What AWS knows of a deployed pipeline, asked all at once. @param now milliseconds since 1970 */
export async function deployedFacts(account: Account, ingest: Ingest, { client }: NamedQueue, now: number): Promise<Facts> {
  const { cloudWatch } = account;
  const { queueUrl, deadLetterQueueUrl } = ingest;
  const queueName = new URL(queueUrl).pathname.split("/").at(-1) ?? "";
  const stateOf = (url: string) => ask("sqs:GetQueueAttributes", (signal) => readQueue(client, url, signal));
  const [ofFunction, traffic, lag, queue, deadLetters, rejected] = await Promise.all([
    functionFacts(account, ingest, now),
    ask("cloudwatch:GetMetricData", (signal) => trafficOf(cloudWatch, ingest.functionName, now, signal)),
    ask("cloudwatch:GetMetricData", (signal) => lagOf(cloudWatch, ingest.functionName, queueName, now, signal)),
    stateOf(queueUrl),
    deadLetterQueueUrl ? stateOf(deadLetterQueueUrl) : { value: null },
    ask("cloudwatch:GetMetricData", (signal) => rejectedByCode(cloudWatch, ingest.functionName, now, signal)),
  ]);
  return { ...ofFunction, traffic, lag, queue, deadLetters, rejected };
}

/** The part that is the function's: also asked for where its queue and database can be looked at directly. */
export async function functionFacts({ lambda, logs }: Account, ingest: Ingest, now: number): Promise<Facts> {
  const { status, changed, eventSource: uuid, functionName, logGroup } = ingest;
  const log = cloudWatchLog(logs, logGroup);
  const [eventSource, health, failure] = await Promise.all([
    ask("lambda:GetEventSourceMapping", (signal) => eventSourceState(lambda, uuid, signal)),
    ask("lambda:InvokeFunction", (signal) => checkHealth(lambda, functionName, signal), FUNCTION_PATIENCE),
    ask("logs:FilterLogEvents", (signal) => lastFailure(log, now, signal)),
  ]);
  return { stack: { status, changed }, eventSource, health, lastFailure: failure };
}

/** The newest lines of the function's log, oldest first. */
export function newestLines({ logs }: Account, { logGroup }: Ingest, now: number, most: number): Promise<NonNullable<Facts["logLines"]>> {
  const query = { where: {}, since: now - LOOK_BACK.failures, most };
  return ask("logs:FilterLogEvents", async (signal) => (await cloudWatchLog(logs, logGroup)(query, signal)).reverse());
}
