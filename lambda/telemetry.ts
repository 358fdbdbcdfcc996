import type { BatchReport, Reporter } from "./ingest/report.ts";
import { METRICS } from "./names.ts";
import type { RejectedMessage } from "./rows/row-store.ts";

/**
 * Reports as JSON log lines, from which CloudWatch extracts the metrics. Lines hold ids, codes, counts and column names only: never a
 * body, a row or the text of a foreign error.
 * @param service the source of every line and metric: the function's name, or the pipeline's outside Lambda
 */
export function createTelemetry(service: string): Reporter {
  let invocation: object = {};
  const write = (level: "INFO" | "WARN" | "ERROR", message: string, fields: object, metrics: Metrics = {}, dimensions = BY_SERVICE) => {
    const time = new Date();
    const line = { level, message, timestamp: time.toISOString(), service, ...invocation, ...fields, ...metrics };
    // Lambda's `console` would add a prefix to the line if the function's log format is text.
    process.stdout.write(`${JSON.stringify({ ...line, ...toEmbeddedFormat(metrics, dimensions, time) })}\n`);
  };
  return {
    begin({ functionName, awsRequestId }) {
      invocation = { function_name: functionName, function_request_id: awsRequestId };
    },
    batch(report) {
      const { pipeline, isShared } = report;
      for (const rejected of report.rejected) {
        const { messageId, code, field, sqlstate, receiveCount } = rejected;
        const metrics: Metrics = isNew(rejected) ? { [METRICS.rejected]: 1 } : {};
        write("WARN", "message rejected", { pipeline, messageId, code, field, sqlstate, receiveCount }, metrics, [["service", "code"]]);
      }
      for (const { messageId, outcome } of report.smoke) write("INFO", "smoke", { messageId, outcome });
      const dimensions = isShared ? [...BY_SERVICE, ["service", "pipeline"]] : BY_SERVICE;
      write("INFO", "batch", { pipeline, unknownFieldNames: report.unknownFields.names }, toMetrics(report), dimensions);
    },
    findingsNotWritten: ({ code, sqlstate }) =>
      write("ERROR", "findings not written", { code: sqlstate ?? code }, { [METRICS.findingsNotWritten]: 1 }),
    failed: ({ code, sqlstate, message }, pipeline) => write("ERROR", "batch failed", { pipeline, code, sqlstate, reason: message }),
  };
}

/** Sets of dimensions: CloudWatch keeps each metric once for each set. */
type Dimensions = readonly (readonly string[])[];

const BY_SERVICE: Dimensions = [["service"]];

type Metrics = Readonly<Record<string, number>>;

function toMetrics({ outcomes, rejected, unknownFields, maskedAsText, commitLag, batchTime }: BatchReport): Metrics {
  const counts = { stored: 0, duplicate: 0, rejected: 0, skipped: 0, unsettled: 0 };
  for (const { outcome } of outcomes) counts[outcome]++;
  const first = rejected.filter(isNew).length;
  return {
    [METRICS.received]: outcomes.length,
    [METRICS.stored]: counts.stored,
    [METRICS.duplicates]: counts.duplicate,
    [METRICS.rejected]: first,
    [METRICS.rejectedAgain]: rejected.length - first,
    // A metric costs money, and most queues skip nothing.
    ...(counts.skipped > 0 && { [METRICS.skipped]: counts.skipped }),
    [METRICS.unsettled]: counts.unsettled,
    [METRICS.unknownFields]: unknownFields.count,
    [METRICS.maskedAsText]: maskedAsText,
    ...(commitLag !== undefined && { [METRICS.commitLag]: commitLag }),
    [METRICS.batchTime]: batchTime,
  };
}

/** Whether this is the first delivery: redeliveries of a bad message do not inflate the count of rejections. */
function isNew({ receiveCount }: RejectedMessage): boolean {
  return receiveCount === 1;
}

const IN_MILLISECONDS: readonly string[] = [METRICS.commitLag, METRICS.batchTime];

/**
 * The member that declares to CloudWatch which members of a line are metrics and which are their dimensions:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function toEmbeddedFormat(metrics: Metrics, dimensions: Dimensions, time: Date): object {
  const names = Object.keys(metrics);
  if (names.length === 0) return {};
  const Metrics = names.map((Name) => ({ Name, Unit: IN_MILLISECONDS.includes(Name) ? "Milliseconds" : "Count" }));
  return { _aws: { Timestamp: time.getTime(), CloudWatchMetrics: [{ Namespace: METRICS.namespace, Dimensions: dimensions, Metrics }] } };
}
