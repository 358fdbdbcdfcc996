import { type CloudWatchClient, paginateGetMetricData } from "@aws-sdk/client-cloudwatch";
import { METRICS } from "../../lambda/names.ts";
import { REJECTION_CODES } from "../../lambda/rows/outcome.ts";
import { LOOK_BACK } from "../status/types.ts";

const MINUTE = 60;
const DAY = 86_400;

type RecentMetrics = Awaited<ReturnType<typeof readRecentMetrics>>;
export type Lag = RecentMetrics["lag"];
export type Traffic = RecentMetrics["traffic"];

/** Reads what happened in the last minutes. @param now milliseconds since 1970 */
export async function readRecentMetrics(
  client: CloudWatchClient,
  { functionName, queueName }: { functionName: string; queueName: string },
  now: number,
  signal: AbortSignal,
) {
  const [service, lambda] = [{ service: functionName }, { FunctionName: functionName }];
  const range = { since: now - LOOK_BACK.traffic, until: now, period: MINUTE };
  const values = await readMetrics(client, range, signal, {
    commit: ["Maximum", METRICS.namespace, METRICS.commitLag, service],
    oldest: ["Maximum", "AWS/SQS", "ApproximateAgeOfOldestMessage", { QueueName: queueName }],
    invocations: ["Sum", "AWS/Lambda", "Invocations", lambda],
    errors: ["Sum", "AWS/Lambda", "Errors", lambda],
    stored: ["Sum", METRICS.namespace, METRICS.stored, service],
    duplicates: ["Sum", METRICS.namespace, METRICS.duplicates, service],
    rejected: ["Sum", METRICS.namespace, METRICS.rejected, service],
    rejectedAgain: ["Sum", METRICS.namespace, METRICS.rejectedAgain, service],
    unsettled: ["Sum", METRICS.namespace, METRICS.unsettled, service],
  });
  const { commit, oldest, invocations, errors, stored, duplicates, rejected, rejectedAgain, unsettled } = values;
  // Milliseconds from sending to commit, null if nothing was committed; seconds, null if SQS reports none, as for an empty queue.
  const lag = { commit: commit.length > 0 ? Math.max(...commit) : null, oldest: oldest[0] ?? null };
  // Lambda counts invocations, those that died included; the function counts messages. Duplicates are in the table.
  const traffic = {
    ...{ invocations: sum(invocations), errors: sum(errors), unsettled: sum(unsettled) },
    ...{ stored: sum(stored) + sum(duplicates), rejected: sum(rejected) + sum(rejectedAgain) },
  };
  return { lag, traffic };
}

/** Counts messages by the code of their first rejection. @param now milliseconds since 1970 */
export async function readRejections(client: CloudWatchClient, functionName: string, now: number, signal: AbortSignal) {
  const metric = (code: string): Metric => ["Sum", METRICS.namespace, METRICS.rejected, { service: functionName, code }];
  const metrics = Object.fromEntries(Object.keys(REJECTION_CODES).map((code) => [code, metric(code)]));
  const values = await readMetrics(client, { since: now - LOOK_BACK.rejected, until: now, period: DAY }, signal, metrics);
  const counts = Object.entries(values).map(([code, some]) => [code, sum(some)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

type Metric = readonly [statistic: "Maximum" | "Sum", namespace: string, name: string, dimensions: Readonly<Record<string, string>>];

/** @param range `period` in seconds @returns the values of each metric, newest first */
async function readMetrics<Id extends string>(
  client: CloudWatchClient,
  { since, until, period: Period }: { since: number; until: number; period: number },
  abortSignal: AbortSignal,
  metrics: Readonly<Record<Id, Metric>>,
): Promise<Record<Id, number[]>> {
  const MetricDataQueries = Object.entries<Metric>(metrics).map(([Id, [Stat, Namespace, MetricName, dimensions]]) => {
    const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
    return { Id, MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Stat, Period } };
  });
  const input = { MetricDataQueries, StartTime: new Date(since), EndTime: new Date(until), ScanBy: "TimestampDescending" as const };
  const values: Record<string, number[]> = Object.fromEntries(Object.keys(metrics).map((id) => [id, []]));
  for await (const { MetricDataResults = [] } of paginateGetMetricData({ client }, input, { abortSignal })) {
    for (const { Id = "", Values = [] } of MetricDataResults) values[Id]?.push(...Values);
  }
  return values as Record<Id, number[]>;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
