import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { METRICS } from "./env.ts";
import type { BatchReport, Outcome, RejectedMessage, Reporter } from "./ingest/report.ts";

/**
 * Reports as JSON log lines and as metrics in CloudWatch's embedded format. Ids, codes, counts and column names only: never a body,
 * a row or the text of a foreign error.
 * @param service names the source of every line and metric: the function, or the pipeline where there is none
 */
export function telemetry(service: string): Reporter {
  const logger = new Logger({ serviceName: service });
  const metrics = new Metrics({ namespace: METRICS.namespace, serviceName: service });
  const count = (name: string, value: number) => metrics.addMetric(name, MetricUnit.Count, value);
  return {
    begin: (context) => logger.addContext(context),
    batch(report) {
      for (const { messageId, code, field, sqlstate, receiveCount, hint } of report.rejected) {
        logger.warn("message rejected", { messageId, code, field, sqlstate, receiveCount, hint });
      }
      for (const { messageId, outcome } of report.smoke) logger.info("smoke", { messageId, outcome });
      const [counts, times] = [countsOf(report), timesOf(report)];
      logger.info("batch", { ...counts, ...times, unknownFieldNames: report.unknownFields.names });
      for (const [name, value] of Object.entries(counts)) count(name, value);
      for (const [name, value] of Object.entries(times)) metrics.addMetric(name, MetricUnit.Milliseconds, value);
      for (const [code, rejected] of Map.groupBy(news(report), (rejection) => rejection.code)) {
        metrics.singleMetric().addDimension("code", code).addMetric(METRICS.rejected, MetricUnit.Count, rejected.length);
      }
    },
    rejectionsNotWritten(code) {
      logger.error("rejections not written", { code });
      count(METRICS.rejectionsNotWritten, 1);
    },
    failed: ({ code, sqlstate, message }) => logger.error("batch failed", { code, sqlstate, reason: message }),
    flush() {
      // Where there is nothing to publish, Powertools would print a plain line between the JSON ones.
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    },
  };
}

function countsOf(report: BatchReport) {
  const of = (kind: Outcome) => report.outcomes.filter(({ outcome }) => outcome === kind).length;
  const rejected = news(report).length;
  return {
    [METRICS.received]: report.outcomes.length,
    [METRICS.stored]: of("stored"),
    [METRICS.duplicates]: of("duplicate"),
    [METRICS.rejected]: rejected,
    [METRICS.retried]: report.rejected.length - rejected,
    [METRICS.unsettled]: of("unsettled"),
    [METRICS.unknownFields]: report.unknownFields.count,
    [METRICS.maskedAsText]: report.maskedAsText,
  };
}

function timesOf({ commitLag, postgresTime }: BatchReport): Record<string, number> {
  return { ...(commitLag !== undefined && { [METRICS.commitLag]: commitLag }), [METRICS.postgresTime]: postgresTime };
}

/** First deliveries only, so that retries of one bad message do not inflate what counts rejections. */
function news({ rejected }: BatchReport): RejectedMessage[] {
  return rejected.filter(({ receiveCount }) => receiveCount === 1);
}
