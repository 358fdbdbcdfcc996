import { Stack, type StackProps } from "aws-cdk-lib";
import { MathExpression, Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import * as monitoring from "cdk-monitoring-constructs";
import type { Construct } from "constructs";
import { ingestFunctionName, METRICS } from "../../lambda/names.ts";
import { getMaxUsedConnections, getMinFreeStorage } from "../alarms/database.ts";
import { getMaxAge } from "../alarms/ingest.ts";
import type { PipelineStage, Stage } from "../config/schema.ts";
import { databaseInstanceName, queueNames } from "../names.ts";

/**
 * One dashboard per stage, which answers three questions, each with a row per queue. It knows resources by their names: a reference
 * would be an export, and an export in use would keep a pipeline from being removed.
 */
export class DashboardStack extends Stack {
  constructor(scope: Construct, id: string, { stage, ...props }: { stage: Stage } & StackProps) {
    super(scope, id, props);
    const pipelines = Object.entries(stage.pipelines).map(([name, settings]) => selectMetrics(stage.name, name, settings));
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

/** A pipeline with its metrics: of the function's code, of the function, of its queue and of its dead-letter queue. */
function selectMetrics(stage: string, name: string, settings: PipelineStage) {
  const functionName = ingestFunctionName(stage, name);
  const { queue: QueueName, deadLetterQueue } = queueNames(stage, name, settings);
  return {
    name,
    settings,
    functionName,
    ingest: metrics(METRICS.namespace, { service: functionName }),
    lambda: metrics("AWS/Lambda", { FunctionName: functionName }),
    queue: metrics("AWS/SQS", { QueueName }),
    deadLetters: deadLetterQueue && metrics("AWS/SQS", { QueueName: deadLetterQueue }),
  };
}

type Pipeline = ReturnType<typeof selectMetrics>;

/** Lag, throughput, messages waiting and in flight, and the duration of a batch. */
function createKeepingUpRow({ name, settings, functionName, ingest, lambda, queue }: Pipeline) {
  const { lagPromise, maxConcurrency, timeout } = settings;
  return row(name, [
    graph("Lag (ms)", [ingest(METRICS.commitLag, Stats.MAXIMUM), ingest(METRICS.commitLag, Stats.p(50))], { promised: lagPromise * 1000 }),
    graph("Age of the oldest message (s)", [queue("ApproximateAgeOfOldestMessage", Stats.MAXIMUM)], { page: getMaxAge(settings) }),
    graph("Messages", [ingest(METRICS.received), ingest(METRICS.stored), ingest(METRICS.duplicates)]),
    ...(settings.isShared ? [graph("Stored, by pipeline", [splitMetric(functionName, METRICS.stored, "pipeline")])] : []),
    graph("In the queue", [
      queue("ApproximateNumberOfMessagesVisible", Stats.MAXIMUM, "waiting"),
      queue("ApproximateNumberOfMessagesNotVisible", Stats.MAXIMUM, "in flight"),
    ]),
    graph("Functions at a time", [lambda("ConcurrentExecutions", Stats.MAXIMUM), lambda("Throttles")], { allowed: maxConcurrency }),
    graph("Duration (ms)", [lambda("Duration", Stats.MAXIMUM), lambda("Duration", Stats.p(50))], { "time-out": timeout * 1000 }),
  ]);
}

/** Dead letters, rejections by code, failures of whole batches, and fields that were not as declared. */
function createLossRow({ name, functionName, ingest, lambda, deadLetters }: Pipeline) {
  const lost = [METRICS.unsettled, METRICS.rejectedAgain, METRICS.findingsNotWritten];
  return row(name, [
    ...(deadLetters ? [graph("Dead letters", [deadLetters("ApproximateNumberOfMessagesVisible", Stats.MAXIMUM)])] : []),
    graph("Rejected, by code", [splitMetric(functionName, METRICS.rejected, "code")]),
    graph("Failed batches and what they left", [lambda("Errors"), ...lost.map((name) => ingest(name))]),
    graph("Not as declared", [ingest(METRICS.unknownFields), ingest(METRICS.maskedAsText)]),
  ]);
}

/** The time that batches spend in Postgres, and the figures of RDS for a created database. */
function createDatabaseRow({ name, database }: Stage, pipelines: readonly Pipeline[]) {
  const batchTimes = pipelines.map(({ name, ingest }) => ingest(METRICS.batchTime, Stats.p(90), name));
  const batches = graph("Time of a batch in Postgres (ms, p90)", batchTimes);
  if (database.kind === "existing") return row("Postgres", [batches]);
  const rds = metrics("AWS/RDS", { DBInstanceIdentifier: databaseInstanceName(name) });
  return row(databaseInstanceName(name), [
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

/** A line for each value of a dimension: the function publishes the metric with a second dimension, too. */
function splitMetric(functionName: string, metric: string, dimension: "code" | "pipeline"): MathExpression {
  const query = `{"${METRICS.namespace}","service","${dimension}"} MetricName="${metric}" service="${functionName}"`;
  const label = `\${PROP('Dim.${dimension}')}`;
  return new MathExpression({ expression: `SEARCH('${query}', '${Stats.SUM}', 300)`, usingMetrics: {}, label });
}

/** Selects metrics of one resource by their names. */
const metrics =
  (namespace: string, dimensionsMap: Readonly<Record<string, string>>) =>
  (metricName: string, statistic: string = Stats.SUM, label = `${metricName} ${statistic}`): Metric =>
    new Metric({ namespace, metricName, dimensionsMap, statistic, label });
