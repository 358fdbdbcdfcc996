import { MathExpression, Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { CustomMetric, CustomMetricGroup, CustomMonitoringProps } from "cdk-monitoring-constructs";
import { METRICS } from "../../lambda/names.ts";
import { leastFreeStorage, mostConnections } from "../alarms/database.ts";
import { oldestAllowed } from "../alarms/ingest.ts";
import type { PipelineStage, Stage } from "../config/stage.ts";

/** A pipeline by the names that its metrics are found by. */
export interface Watched {
  readonly pipeline: string;
  readonly settings: PipelineStage;
  readonly queueName: string;
  readonly deadLetterQueueName: string | undefined;
  readonly functionName: string;
}

/** A row of the dashboard: a header and its graphs. */
type Row = Pick<CustomMonitoringProps, "humanReadableName" | "alarmFriendlyName" | "metricGroups">;

/** Lag, throughput, how much is waiting and under way, and for how long a batch takes. */
export function keepingUpRow(watched: Watched): Row {
  const { pipeline, settings, queueName } = watched;
  const { lagPromise, maxConcurrency, timeout } = settings;
  return row(pipeline, [
    graph("Lag (ms)", [own(watched, METRICS.commitLag, Stats.MAXIMUM), own(watched, METRICS.commitLag, Stats.p(50))], {
      promised: lagPromise * 1000,
    }),
    graph("Age of the oldest message (s)", [queue(queueName, "ApproximateAgeOfOldestMessage")], { page: oldestAllowed(settings) }),
    graph("Messages", [own(watched, METRICS.received), own(watched, METRICS.stored), own(watched, METRICS.duplicates)]),
    graph("In the queue", [
      queue(queueName, "ApproximateNumberOfMessagesVisible", "waiting"),
      queue(queueName, "ApproximateNumberOfMessagesNotVisible", "in flight"),
    ]),
    graph("Functions at a time", [lambda(watched, "ConcurrentExecutions", Stats.MAXIMUM), lambda(watched, "Throttles")], {
      allowed: maxConcurrency,
    }),
    graph("Duration (ms)", [lambda(watched, "Duration", Stats.MAXIMUM), lambda(watched, "Duration", Stats.p(50))], {
      "time-out": timeout * 1000,
    }),
  ]);
}

/** Dead letters, rejections by code, what failed as a whole, and what came otherwise than declared. */
export function losingRow(watched: Watched): Row {
  const { pipeline, deadLetterQueueName } = watched;
  return row(pipeline, [
    ...(deadLetterQueueName ? [graph("Dead letters", [queue(deadLetterQueueName, "ApproximateNumberOfMessagesVisible")])] : []),
    graph("Rejected, by code", [rejectedByCode(watched)]),
    graph("Failed batches and what they left", [
      lambda(watched, "Errors"),
      own(watched, METRICS.unsettled),
      own(watched, METRICS.rejectedAgain),
      own(watched, METRICS.rejectionsNotWritten),
    ]),
    graph("Not as declared", [own(watched, METRICS.unknownFields), own(watched, METRICS.maskedAsText)]),
  ]);
}

/** The time that batches spend in Postgres, and RDS's own figures where the database is ours. */
export function databaseRow(database: Stage["database"], instanceName: string | undefined, pipelines: readonly Watched[]): Row {
  const spent = pipelines.map((watched) => own(watched, METRICS.batchTime, Stats.p(90), watched.pipeline));
  const graphs = [graph("Time of a batch in Postgres (ms, p90)", spent)];
  if (instanceName && database.kind === "own") {
    const rds = (metricName: string, statistic: string) => metric("AWS/RDS", metricName, { DBInstanceIdentifier: instanceName }, statistic);
    graphs.push(
      graph("CPU (%)", [rds("CPUUtilization", Stats.AVERAGE)]),
      graph("Connections", [rds("DatabaseConnections", Stats.MAXIMUM)], { ticket: mostConnections(database) }),
      graph("Free storage (bytes)", [rds("FreeStorageSpace", Stats.MINIMUM)], { ticket: leastFreeStorage(database) }),
      graph("Disk latency (s)", [rds("WriteLatency", Stats.AVERAGE), rds("ReadLatency", Stats.AVERAGE)]),
    );
  }
  return row(instanceName ?? "Postgres", graphs);
}

function row(name: string, metricGroups: CustomMetricGroup[]): Row {
  return { humanReadableName: name, alarmFriendlyName: name, metricGroups };
}

/** @param limits lines across the graph, by their label */
function graph(title: string, metrics: CustomMetric[], limits: Readonly<Record<string, number>> = {}): CustomMetricGroup {
  return { title, metrics, horizontalAnnotations: Object.entries(limits).map(([label, value]) => ({ label, value })) };
}

/** A line for each code that there is: the function publishes the metric with the code as a second dimension too. */
function rejectedByCode({ functionName }: Watched): MathExpression {
  const query = `{"${METRICS.namespace}","service","code"} MetricName="${METRICS.rejected}" service="${functionName}"`;
  return new MathExpression({ expression: `SEARCH('${query}', '${Stats.SUM}', 300)`, usingMetrics: {}, label: `\${PROP('Dim.code')}` });
}

const own = ({ functionName }: Watched, metricName: string, statistic: string = Stats.SUM, label?: string) =>
  metric(METRICS.namespace, metricName, { service: functionName }, statistic, label);

const queue = (QueueName: string, metricName: string, label: string = metricName) =>
  metric("AWS/SQS", metricName, { QueueName }, Stats.MAXIMUM, label);

const lambda = ({ functionName }: Watched, metricName: string, statistic: string = Stats.SUM) =>
  metric("AWS/Lambda", metricName, { FunctionName: functionName }, statistic);

function metric(namespace: string, metricName: string, dimensionsMap: Record<string, string>, statistic: string, label?: string): Metric {
  return new Metric({ namespace, metricName, dimensionsMap, statistic, label: label ?? `${metricName} ${statistic}` });
}
