import { type CloudWatchClient, type MetricDataQuery, paginateGetMetricData } from "@aws-sdk/client-cloudwatch";
import { METRICS } from "../../lambda/names.ts";
import { REJECTION_CODES } from "../../lambda/rows/outcome.ts";
import { type Lag, LOOK_BACK, type Traffic } from "../status/types.ts";

const MINUTE = 60;
const DAY = 86_400;

/** @param queueName whose oldest message is asked for @param now milliseconds since 1970 */
export async function lagOf(
  client: CloudWatchClient,
  functionName: string,
  queueName: string,
  now: number,
  signal: AbortSignal,
): Promise<Lag> {
  const ours = ofService(METRICS.commitLag, functionName);
  const age = {
    Namespace: "AWS/SQS",
    MetricName: "ApproximateAgeOfOldestMessage",
    Dimensions: [{ Name: "QueueName", Value: queueName }],
  };
  const values = await figures(
    client,
    [stat("commit", ours, "Maximum", MINUTE), stat("oldest", age, "Maximum", MINUTE)],
    now - LOOK_BACK.lag,
    now,
    signal,
  );
  const commits = values.get("commit") ?? [];
  return { commit: commits.length > 0 ? Math.max(...commits) : null, oldest: values.get("oldest")?.[0] ?? null };
}

/** What the function did in the last minutes. @param now milliseconds since 1970 */
export async function trafficOf(client: CloudWatchClient, functionName: string, now: number, signal: AbortSignal): Promise<Traffic> {
  const lambda = (MetricName: string) => ({
    Namespace: "AWS/Lambda",
    MetricName,
    Dimensions: [{ Name: "FunctionName", Value: functionName }],
  });
  const ours = [METRICS.stored, METRICS.duplicates, METRICS.rejected, METRICS.rejectedAgain, METRICS.unsettled];
  const metrics = [...["Invocations", "Errors"].map(lambda), ...ours.map((name) => ofService(name, functionName))];
  const queries = metrics.map((metric, i) => stat(`sum${i}`, metric, "Sum", MINUTE));
  const values = await figures(client, queries, now - LOOK_BACK.traffic, now, signal);
  const [invocations = 0, errors = 0, stored = 0, duplicates = 0, rejected = 0, rejectedAgain = 0, unsettled = 0] = queries.map(
    ({ Id = "" }) => total(values.get(Id)),
  );
  return { invocations, errors, stored: stored + duplicates, rejected: rejected + rejectedAgain, unsettled };
}

/** Messages that were rejected at their first delivery, by code. */
export async function rejectedByCode(
  client: CloudWatchClient,
  functionName: string,
  now: number,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const codes = Object.keys(REJECTION_CODES);
  const queries = codes.map((code, i) => {
    const Dimensions = [
      { Name: "service", Value: functionName },
      { Name: "code", Value: code },
    ];
    return stat(`code${i}`, { Namespace: METRICS.namespace, MetricName: METRICS.rejected, Dimensions }, "Sum", DAY);
  });
  const values = await figures(client, queries, now - LOOK_BACK.rejected, now, signal);
  const sums = codes.map((code, i) => [code, total(values.get(`code${i}`))] as const);
  return Object.fromEntries(sums.filter(([, sum]) => sum > 0));
}

type MetricStat = NonNullable<MetricDataQuery["MetricStat"]>;

function stat(Id: string, Metric: MetricStat["Metric"], Stat: string, Period: number): MetricDataQuery {
  return { Id, MetricStat: { Metric, Stat, Period } };
}

/** A metric of the function's own. */
function ofService(MetricName: string, functionName: string) {
  return { Namespace: METRICS.namespace, MetricName, Dimensions: [{ Name: "service", Value: functionName }] };
}

function total(values: readonly number[] = []): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The values of each query, newest first. */
async function figures(
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
