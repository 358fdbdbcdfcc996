import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { BatchReport, Reporter } from "./ingest/report.ts";

/**
 * Reports as JSON log lines and as metrics in CloudWatch's embedded format. Ids, codes, counts and column names only: never a body,
 * a row or the text of a foreign error.
 * @param pipeline names the service in every line and metric
 */
export function telemetry(pipeline: string): Reporter {
  const logger = new Logger({ serviceName: pipeline });
  const metrics = new Metrics({ namespace: "Masqueue", serviceName: pipeline });
  const count = (name: string, value: number) => metrics.addMetric(name, MetricUnit.Count, value);
  return {
    begin: (context) => logger.addContext(context),
    batch(report) {
      for (const { messageId, code, field, sqlstate, receiveCount, hint } of report.rejected) {
        logger.warn("message rejected", { messageId, code, field, sqlstate, receiveCount, hint });
      }
      const counts = countsOf(report);
      logger.info("batch", { ...counts, unknownFieldNames: report.unknownFields.names });
      for (const [name, value] of Object.entries(counts)) count(name, value);
    },
    rejectionsNotWritten(code) {
      logger.error("rejections not written", { code });
      count("rejectionsNotWritten", 1);
    },
    failed: ({ code, sqlstate, message }) => logger.error("batch failed", { code, sqlstate, reason: message }),
    flush() {
      // Where there is nothing to publish, Powertools would print a plain line between the JSON ones.
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    },
  };
}

/** `rejected` counts first deliveries only, so that retries of one bad message do not inflate it. */
function countsOf({ outcomes, rejected, unknownFields, maskedAsText }: BatchReport) {
  const of = (kind: string) => outcomes.filter(({ outcome }) => outcome === kind).length;
  return {
    received: outcomes.length,
    stored: of("stored"),
    duplicates: of("duplicate"),
    rejected: rejected.filter(({ receiveCount }) => receiveCount === 1).length,
    retried: rejected.filter(({ receiveCount }) => receiveCount > 1).length,
    unsettled: of("unsettled"),
    unknownFields: unknownFields.count,
    maskedAsText,
  };
}
