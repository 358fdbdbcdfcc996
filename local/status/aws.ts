import { type Account, tryCall } from "../aws/account.ts";
import { checkHealth, readEventSource } from "../aws/function.ts";
import { createLogReader, readLastFailure } from "../aws/log.ts";
import { readRecentMetrics, readRejections } from "../aws/metrics.ts";
import type { IngestStack } from "../aws/stack.ts";
import type { QueueTarget } from "../targets/queue.ts";
import { readQueueAt } from "../targets/queue.ts";
import { LOOK_BACK, type StatusReport } from "./types.ts";
import { readUnknownFields } from "./unknown-fields.ts";

/** Seconds for an invocation of the function: a cold start, and its tries to reach the database. */
const FUNCTION_TIMEOUT = 60;
const LOG_LINES = 10;

/** Reads from AWS, all at once, the state of a deployed pipeline. @param now milliseconds since 1970 */
export async function readStage(account: Account, stack: IngestStack, { client }: QueueTarget, now: number): Promise<StatusReport> {
  const { cloudWatch, logs } = account;
  const { queueUrl, deadLetterQueueUrl, functionName, logGroup } = stack;
  const queueName = new URL(queueUrl).pathname.split("/").at(-1) ?? "";
  const readQueue = (url: string) => tryCall("sqs:GetQueueAttributes", (signal) => readQueueAt(client, url, signal));
  const log = createLogReader(logs, logGroup);
  const [ofFunction, recent, queue, deadLetters, rejected, unknownFields] = await Promise.all([
    readFunction(account, stack, now),
    tryCall("cloudwatch:GetMetricData", (signal) => readRecentMetrics(cloudWatch, { functionName, queueName }, now, signal)),
    readQueue(queueUrl),
    deadLetterQueueUrl ? readQueue(deadLetterQueueUrl) : { value: null },
    tryCall("cloudwatch:GetMetricData", (signal) => readRejections(cloudWatch, functionName, now, signal)),
    tryCall("logs:FilterLogEvents", (signal) => readUnknownFields(log, now, signal)),
  ]);
  const [traffic, lag] = "failed" in recent ? [recent, recent] : [{ value: recent.value.traffic }, { value: recent.value.lag }];
  return { ...ofFunction, traffic, lag, queue, deadLetters, rejected, unknownFields };
}

/** Reads the state of the function only, for services whose queue and database are read directly. */
export async function readFunction({ lambda, logs }: Account, stack: IngestStack, now: number): Promise<StatusReport> {
  const { status, changed, eventSource: uuid, functionName, logGroup } = stack;
  const log = createLogReader(logs, logGroup);
  const [eventSource, health, lastFailure] = await Promise.all([
    tryCall("lambda:GetEventSourceMapping", (signal) => readEventSource(lambda, uuid, signal)),
    tryCall("lambda:InvokeFunction", (signal) => checkHealth(lambda, functionName, signal), FUNCTION_TIMEOUT),
    tryCall("logs:FilterLogEvents", (signal) => readLastFailure(log, now, signal)),
  ]);
  return { stack: { status, changed }, eventSource, health, lastFailure };
}

/** Reads the newest lines of the function's log, oldest first. */
export async function readLogLines({ logs }: Account, { logGroup }: IngestStack, now: number): Promise<StatusReport> {
  const query = { where: {}, since: now - LOOK_BACK.failures, limit: LOG_LINES };
  const read = createLogReader(logs, logGroup);
  return { logLines: await tryCall("logs:FilterLogEvents", async (signal) => (await read(query, signal)).reverse()) };
}
