import { Duration } from "aws-cdk-lib";
import { MathExpression, Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { ingestFunctionName, METRICS } from "../../lambda/names.ts";
import type { PipelineStage } from "../config/schema.ts";
import { type AlarmOwner, createAlarm } from "./create.ts";

interface IngestAlarmsProps extends Required<AlarmOwner> {
  readonly settings: PipelineStage;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue | undefined;
  readonly fn: IFunction;
}

const FIVE_MINUTES = Duration.minutes(5);
/** Seconds until an idle poller sees a message: a long poll. */
const POLL = 20;

/** The alarms of one queue: its function fails, it falls behind, or it loses messages. */
export function alarmOnIngest(scope: Construct, props: IngestAlarmsProps): void {
  const { stage, pipeline, settings, queue, fn, deadLetterQueue } = props;
  const ingest = (metricName: string, statistic: string) =>
    new Metric({
      namespace: METRICS.namespace,
      metricName,
      dimensionsMap: { service: ingestFunctionName(stage.name, pipeline) },
      statistic,
      period: FIVE_MINUTES,
    });
  createAlarm(scope, "function-errors", props, {
    // If one table of several fails, the invocation succeeds: Lambda counts no error, but the messages come back all the same.
    metric: new MathExpression({
      expression: "FILL(errors, 0) + FILL(unsettled, 0)",
      usingMetrics: {
        errors: fn.metricErrors({ statistic: Stats.SUM, period: FIVE_MINUTES }),
        unsettled: ingest(METRICS.unsettled, Stats.SUM),
      },
      period: FIVE_MINUTES,
      label: "failed batches and unsettled messages",
    }),
    threshold: 0,
    // Twice: a failure that the next delivery repairs wakes no one.
    datapointsToAlarm: 2,
    evaluationPeriods: getPeriodsOfTwoFailures(settings),
  });
  createAlarm(scope, "oldest-message", props, {
    metric: queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, period: Duration.minutes(1) }),
    threshold: getMaxAge(settings),
    evaluationPeriods: getMinutesUntilThirdReceive(settings),
  });
  createAlarm(scope, "commit-lag", props, {
    metric: ingest(METRICS.commitLag, Stats.MAXIMUM),
    threshold: settings.lagPromise * 1000,
  });
  if (!deadLetterQueue) return;
  // By depth: SQS's count of sent messages omits those that it moves itself.
  const depth = deadLetterQueue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, period: FIVE_MINUTES });
  createAlarm(scope, "dead-letters-growing", props, {
    // An empty queue stops publishing: without the zeros the first dead letters after a quiet time would have nothing to differ from.
    metric: new MathExpression({
      expression: "DIFF(FILL(depth, 0))",
      usingMetrics: { depth },
      period: FIVE_MINUTES,
      label: "dead letters in 5 minutes",
    }),
    threshold: settings.normalDeadLetters,
    // Twice: after a gap in SQS's figure, a standing depth looks like an increase once.
    datapointsToAlarm: 2,
    evaluationPeriods: 3,
  });
  createAlarm(scope, "dead-letters", props, { metric: depth, threshold: 0 });
}

/**
 * Seconds. SQS omits messages that were received three times or more from the age, so an outage would never reach a threshold over 2 x V.
 * A FIFO queue keeps its order and omits none: there each bad message is as old as its last receive.
 */
export function getMaxAge({ visibilityTimeout, maxReceiveCount, queueArn }: PipelineStage): number {
  return (queueArn?.endsWith(".fifo") ? maxReceiveCount : 2) * visibilityTimeout;
}

/**
 * Periods of five minutes in which a failing function fails twice, however few messages there are: a message comes back after V, and
 * up to a minute later because it is gathered and polled.
 */
function getPeriodsOfTwoFailures({ visibilityTimeout }: PipelineStage): number {
  return Math.ceil((visibilityTimeout + 60) / 300) + 1;
}

/**
 * A bad message exceeds 2 x V too, just before its third receive, after which SQS omits it: three times it waits to be polled and
 * gathered. Only a message that is late for longer waits for a function.
 */
function getMinutesUntilThirdReceive({ batchWindow }: PipelineStage): number {
  return Math.ceil((3 * (batchWindow + POLL)) / 60) + 1;
}
