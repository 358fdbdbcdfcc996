import { type CloudWatchClient, type MetricDataQuery, paginateGetMetricData } from "@aws-sdk/client-cloudwatch";
import { REJECTION_CODES } from "../../lambda/ingest/message.ts";
import { METRICS } from "../../lambda/names.ts";
import { type Lag, LOOK_BACK, type Traffic } from "../status/types.ts";

const MINUTE = 60;
const DAY = 86_400;

/** Reads the metrics of the last minutes. @param queueName of the event source @param now milliseconds since 1970 */
export async function readRecentMetrics(
  client: CloudWatchClient,
  functionName: string,
  queueName: string,
  now: number,
  signal: AbortSignal,
): Promise<{ readonly lag: Lag; readonly traffic: Traffic }> {
  const dimensions = { FunctionName: functionName };
  const custom = (name: string) => toMetric(METRICS.namespace, name, { service: functionName });
  const metrics = {
    commit: custom(METRICS.commitLag),
    oldest: toMetric("AWS/SQS", "ApproximateAgeOfOldestMessage", { QueueName: queueName }),
    invocations: toMetric("AWS/Lambda", "Invocations", dimensions),
    errors: toMetric("AWS/Lambda", "Errors", dimensions),
    stored: custom(METRICS.stored),
    duplicates: custom(METRICS.duplicates),
    rejected: custom(METRICS.rejected),
    rejectedAgain: custom(METRICS.rejectedAgain),
    unsettled: custom(METRICS.unsettled),
  };
  const queries = Object.entries(metrics).map(([id, metric]) =>
    toQuery(id, metric, id === "commit" || id === "oldest" ? "Maximum" : "Sum", MINUTE),
  );
  const values = await readValues(client, queries, now - LOOK_BACK.traffic, now, signal);
  const commits = values.get("commit") ?? [];
  const sum = (id: keyof typeof metrics) => total(values.get(id));
  return {
    lag: { commit: commits.length > 0 ? Math.max(...commits) : null, oldest: values.get("oldest")?.[0] ?? null },
    traffic: {
      ...{ invocations: sum("invocations"), errors: sum("errors"), unsettled: sum("unsettled") },
      ...{ stored: sum("stored") + sum("duplicates"), rejected: sum("rejected") + sum("rejectedAgain") },
    },
  };
}

/** Counts messages by the code of their first rejection. @param now milliseconds since 1970 */
export async function readRejections(
  client: CloudWatchClient,
  functionName: string,
  now: number,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const codes = Object.keys(REJECTION_CODES);
  const queries = codes.map((code, i) =>
    toQuery(`code${i}`, toMetric(METRICS.namespace, METRICS.rejected, { service: functionName, code }), "Sum", DAY),
  );
  const values = await readValues(client, queries, now - LOOK_BACK.rejected, now, signal);
  const sums = codes.map((code, i) => [code, total(values.get(`code${i}`))] as const);
  return Object.fromEntries(sums.filter(([, sum]) => sum > 0));
}

type Metric = NonNullable<MetricDataQuery["MetricStat"]>["Metric"];

function toMetric(Namespace: string, MetricName: string, dimensions: Readonly<Record<string, string>>): Metric {
  return { Namespace, MetricName, Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })) };
}

function toQuery(Id: string, Metric: Metric, Stat: "Maximum" | "Sum", Period: number): MetricDataQuery {
  return { Id, MetricStat: { Metric, Stat, Period } };
}

function total(values: readonly number[] = []): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The values of each query, newest first. */
async function readValues(
  client: CloudWatchClient,
  MetricDataQueries: MetricDataQuery[],
  since: number,
  until: number,
  abortSignal: AbortSignal,
): Promise<Map<string, number[]>> {
  const input = { MetricDataQueries, StartTime: new Date(since), EndTime: new Date(until), ScanBy: "TimestampDescending" as const };
  const values = new Map<string, number[]>();
  for await (const { MetricDataResults = [] } of paginateGetMetricData({ client }, input, { abortSignal })) {
    for (const { Id = "", Values = [] } of MetricDataResults) values.set(Id, [...(values.get(Id) ?? []), ...Values]);
  }
  return values;
}
