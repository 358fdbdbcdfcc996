import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, MathExpression, Metric, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { ingestFunctionName, METRICS } from "../../lambda/names.ts";
import type { PipelineStage } from "../config/stage.ts";
import { type Owner, raise } from "./raise.ts";

export interface IngestParts extends Owner {
  readonly pipeline: string;
  readonly settings: PipelineStage;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue | undefined;
  readonly fn: IFunction;
}

/** An idle queue and an idle function publish nothing, so for all of these no data means no trouble. */
const ABOVE = { comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD, treatMissingData: TreatMissingData.NOT_BREACHING };
const FIVE_MINUTES = Duration.minutes(5);
/** Seconds until an idle poller sees a message: a long poll. */
const POLL = 20;

/** The alarms of one pipeline: its function fails, it falls behind, or it loses messages. */
export function alarmOnIngest(scope: Construct, parts: IngestParts): void {
  const { settings, queue, fn, deadLetterQueue } = parts;
  raise(scope, "function-errors", parts, {
    // Twice: a failure that the next delivery mends wakes nobody.
    metric: fn.metricErrors({ statistic: Stats.SUM, period: FIVE_MINUTES }),
    threshold: 0,
    ...ABOVE,
    datapointsToAlarm: 2,
    evaluationPeriods: periodsToFailTwice(settings),
  });
  raise(scope, "oldest-message", parts, {
    metric: queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, period: Duration.minutes(1) }),
    threshold: oldestAllowed(settings),
    ...ABOVE,
    evaluationPeriods: minutesBeforeThirdReceive(settings),
  });
  raise(scope, "commit-lag", parts, {
    metric: new Metric({
      namespace: METRICS.namespace,
      metricName: METRICS.commitLag,
      dimensionsMap: { service: ingestFunctionName(parts.stage.name, parts.pipeline) },
      statistic: Stats.MAXIMUM,
      period: FIVE_MINUTES,
    }),
    threshold: settings.lagPromise * 1000,
    ...ABOVE,
    evaluationPeriods: 1,
  });
  if (deadLetterQueue) alarmOnDeadLetters(scope, deadLetterQueue, parts);
}

/** By depth: SQS's count of sent messages leaves out those that it moves itself. */
function alarmOnDeadLetters(scope: Construct, queue: IQueue, parts: IngestParts): void {
  const depth = queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, period: FIVE_MINUTES });
  raise(scope, "dead-letters-growing", parts, {
    // An empty queue stops publishing: without the zeros the first dead letters after a quiet time would have nothing to differ from.
    metric: new MathExpression({
      expression: "DIFF(FILL(depth, 0))",
      usingMetrics: { depth },
      period: FIVE_MINUTES,
      label: "dead letters in 5 minutes",
    }),
    threshold: parts.settings.normalDeadLetters,
    ...ABOVE,
    evaluationPeriods: 1,
  });
  raise(scope, "dead-letters", parts, { metric: depth, threshold: 0, ...ABOVE, evaluationPeriods: 1 });
}

/**
 * Seconds. SQS leaves out of the age what was received three times or more, so a threshold over 2 x V would never be reached in an outage.
 * A FIFO queue keeps its order and leaves nothing out: there each bad message is as old as its last receive.
 */
export function oldestAllowed({ visibilityTimeout, maxReceiveCount, queueArn }: PipelineStage): number {
  return (queueArn?.endsWith(".fifo") ? maxReceiveCount : 2) * visibilityTimeout;
}

/**
 * Within how many periods of five minutes a failing function fails in two, however few messages there are: one comes back after V,
 * and up to a minute later for being gathered and polled.
 */
function periodsToFailTwice({ visibilityTimeout }: PipelineStage): number {
  return Math.ceil((visibilityTimeout + 60) / 300) + 1;
}

/**
 * A bad message gets older than 2 x V too, just before it is received for the third time and left out: by its three waits to be polled
 * and gathered. Only what is late for longer than that waits for a function.
 */
function minutesBeforeThirdReceive({ batchWindow }: PipelineStage): number {
  return Math.ceil((3 * (batchWindow + POLL)) / 60) + 1;
}
