import { Stack, type StackProps } from "aws-cdk-lib";
import { MathExpression, Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import * as monitoring from "cdk-monitoring-constructs";
import type { Construct } from "constructs";
import { ingestFunctionName, METRICS } from "../../lambda/names.ts";
import { getMaxUsedConnections, getMinFreeStorage } from "../alarms/database.ts";
import { getMaxAge } from "../alarms/ingest.ts";
import type { PipelineStage, Stage } from "../config/schema.ts";
import { databaseInstanceName, queueNames } from "../names.ts";

/** A pipeline, with the names that its metrics are found by. */
type Pipeline = Readonly<{ name: string; settings: PipelineStage; queues: ReturnType<typeof queueNames>; functionName: string }>;

/**
 * One dashboard per stage, which answers three questions, each with a row per pipeline. It knows resources by their names: a reference
 * would be an export, and an export in use would keep a pipeline from being removed.
 */
export class DashboardStack extends Stack {
  constructor(scope: Construct, id: string, { stage, ...props }: { stage: Stage } & StackProps) {
    super(scope, id, props);
    const pipelines = Object.entries(stage.pipelines).map(([name, settings]): Pipeline => {
      return { name, settings, queues: queueNames(stage.name, name, settings), functionName: ingestFunctionName(stage.name, name) };
    });
    const facade = new monitoring.MonitoringFacade(this, "Monitoring", {
      dashboardFactory: new monitoring.DefaultDashboardFactory(this, "Factory", { dashboardNamePrefix: `masqueue-${stage.name}` }),
    });
    facade.addLargeHeader("Is it keeping up?");
    for (const pipeline of pipelines) facade.monitorCustom(createKeepingUpRow(pipeline));
    facade.addLargeHeader("Is it losing anything?");
    for (const pipeline of pipelines) facade.monitorCustom(createLossRow(pipeline));
    facade.addLargeHeader("Is the database well?");
    facade.monitorCustom(createDatabaseRow(stage, pipelines));
  }
}

/** Lag, throughput, messages waiting and in flight, and the duration of a batch. */
function createKeepingUpRow(pipeline: Pipeline) {
  const { name, settings, queues } = pipeline;
  const { lagPromise, maxConcurrency, timeout } = settings;
  return row(name, [
    graph("Lag (ms)", [ingest(pipeline, METRICS.commitLag, Stats.MAXIMUM), ingest(pipeline, METRICS.commitLag, Stats.p(50))], {
      promised: lagPromise * 1000,
    }),
    graph("Age of the oldest message (s)", [sqs(queues.queue, "ApproximateAgeOfOldestMessage")], { page: getMaxAge(settings) }),
    graph("Messages", [ingest(pipeline, METRICS.received), ingest(pipeline, METRICS.stored), ingest(pipeline, METRICS.duplicates)]),
    graph("In the queue", [
      sqs(queues.queue, "ApproximateNumberOfMessagesVisible", "waiting"),
      sqs(queues.queue, "ApproximateNumberOfMessagesNotVisible", "in flight"),
    ]),
    graph("Functions at a time", [lambda(pipeline, "ConcurrentExecutions", Stats.MAXIMUM), lambda(pipeline, "Throttles")], {
      allowed: maxConcurrency,
    }),
    graph("Duration (ms)", [lambda(pipeline, "Duration", Stats.MAXIMUM), lambda(pipeline, "Duration", Stats.p(50))], {
      "time-out": timeout * 1000,
    }),
  ]);
}

/** Dead letters, rejections by code, failures of whole batches, and fields that were not as declared. */
function createLossRow(pipeline: Pipeline) {
  const { deadLetterQueue } = pipeline.queues;
  return row(pipeline.name, [
    ...(deadLetterQueue ? [graph("Dead letters", [sqs(deadLetterQueue, "ApproximateNumberOfMessagesVisible")])] : []),
    graph("Rejected, by code", [rejectedByCode(pipeline)]),
    graph("Failed batches and what they left", [
      lambda(pipeline, "Errors"),
      ingest(pipeline, METRICS.unsettled),
      ingest(pipeline, METRICS.rejectedAgain),
      ingest(pipeline, METRICS.rejectionsNotWritten),
    ]),
    graph("Not as declared", [ingest(pipeline, METRICS.unknownFields), ingest(pipeline, METRICS.maskedAsText)]),
  ]);
}

/** The time that batches spend in Postgres, and the figures of RDS for a created database. */
function createDatabaseRow({ name, database }: Stage, pipelines: readonly Pipeline[]) {
  const batchTimes = pipelines.map((pipeline) => ingest(pipeline, METRICS.batchTime, Stats.p(90), pipeline.name));
  const batches = graph("Time of a batch in Postgres (ms, p90)", batchTimes);
  if (database.kind === "existing") return row("Postgres", [batches]);
  const DBInstanceIdentifier = databaseInstanceName(name);
  const rds = (metricName: string, statistic: string) => metric("AWS/RDS", metricName, { DBInstanceIdentifier }, statistic);
  return row(DBInstanceIdentifier, [
    batches,
    graph("CPU (%)", [rds("CPUUtilization", Stats.AVERAGE)]),
    graph("Connections", [rds("DatabaseConnections", Stats.MAXIMUM)], { ticket: getMaxUsedConnections(database) }),
    graph("Free storage (bytes)", [rds("FreeStorageSpace", Stats.MINIMUM)], { ticket: getMinFreeStorage(database) }),
    graph("Disk latency (s)", [rds("WriteLatency", Stats.AVERAGE), rds("ReadLatency", Stats.AVERAGE)]),
  ]);
}

/** A header and its graphs. */
function row(name: string, metricGroups: monitoring.CustomMetricGroup[]) {
  return { humanReadableName: name, alarmFriendlyName: name, metricGroups };
}

/** @param limits lines across the graph, by their label */
function graph(title: string, metrics: monitoring.CustomMetric[], limits: Readonly<Record<string, number>> = {}) {
  return { title, metrics, horizontalAnnotations: Object.entries(limits).map(([label, value]) => ({ label, value })) };
}

/** A line for each code: the function publishes the metric with the code as a second dimension too. */
function rejectedByCode({ functionName }: Pipeline): MathExpression {
  const query = `{"${METRICS.namespace}","service","code"} MetricName="${METRICS.rejected}" service="${functionName}"`;
  return new MathExpression({ expression: `SEARCH('${query}', '${Stats.SUM}', 300)`, usingMetrics: {}, label: `\${PROP('Dim.code')}` });
}

const ingest = ({ functionName }: Pipeline, metricName: string, statistic: string = Stats.SUM, label?: string) =>
  metric(METRICS.namespace, metricName, { service: functionName }, statistic, label);

const sqs = (QueueName: string, metricName: string, label: string = metricName) =>
  metric("AWS/SQS", metricName, { QueueName }, Stats.MAXIMUM, label);

const lambda = ({ functionName }: Pipeline, metricName: string, statistic: string = Stats.SUM) =>
  metric("AWS/Lambda", metricName, { FunctionName: functionName }, statistic);

function metric(namespace: string, metricName: string, dimensionsMap: Record<string, string>, statistic: string, label?: string): Metric {
  return new Metric({ namespace, metricName, dimensionsMap, statistic, label: label ?? `${metricName} ${statistic}` });
}
