import type { BatchReport, Reporter } from "./ingest/report.ts";
import { METRICS } from "./names.ts";
import type { RejectedMessage } from "./rows/row-store.ts";

/**
 * Reports as JSON log lines, each with the metrics that it counts, which CloudWatch reads out of it. Ids, codes, counts and column
 * names only: never a body, a row or the text of a foreign error.
 * @param service names the source of every line and metric: the function, or the pipeline where there is none
 */
export function telemetry(service: string): Reporter {
  let invocation: object = {};
  const write = (level: "INFO" | "WARN" | "ERROR", message: string, fields: object, metrics: Metrics = {}, dimensions = ["service"]) => {
    const time = new Date();
    const line = { level, message, timestamp: time.toISOString(), service, ...invocation, ...fields, ...metrics };
    // Not by `console`: Lambda's puts text of its own before the line where a function is to log text.
    process.stdout.write(`${JSON.stringify({ ...line, ...embedded(metrics, dimensions, time) })}\n`);
  };
  return {
    begin({ functionName, awsRequestId }) {
      invocation = { function_name: functionName, function_request_id: awsRequestId };
    },
    batch(report) {
      for (const rejected of report.rejected) {
        const { messageId, code, field, sqlstate, receiveCount } = rejected;
        const metrics: Metrics = isNew(rejected) ? { [METRICS.rejected]: 1 } : {};
        write("WARN", "message rejected", { messageId, code, field, sqlstate, receiveCount }, metrics, ["service", "code"]);
      }
      for (const { messageId, outcome } of report.smoke) write("INFO", "smoke", { messageId, outcome });
      write("INFO", "batch", { unknownFieldNames: report.unknownFields.names }, metricsOf(report));
    },
    rejectionsNotWritten: ({ code, sqlstate }) =>
      write("ERROR", "rejections not written", { code: sqlstate ?? code }, { [METRICS.rejectionsNotWritten]: 1 }),
    failed: ({ code, sqlstate, message }) => write("ERROR", "batch failed", { code, sqlstate, reason: message }),
  };
}

type Metrics = Readonly<Record<string, number>>;

function metricsOf({ outcomes, rejected, unknownFields, maskedAsText, commitLag, batchTime }: BatchReport): Metrics {
  const counts = { stored: 0, duplicate: 0, rejected: 0, unsettled: 0 };
  for (const { outcome } of outcomes) counts[outcome]++;
  const first = rejected.filter(isNew).length;
  return {
    [METRICS.received]: outcomes.length,
    [METRICS.stored]: counts.stored,
    [METRICS.duplicates]: counts.duplicate,
    [METRICS.rejected]: first,
    [METRICS.rejectedAgain]: rejected.length - first,
    [METRICS.unsettled]: counts.unsettled,
    [METRICS.unknownFields]: unknownFields.count,
    [METRICS.maskedAsText]: maskedAsText,
    ...(commitLag !== undefined && { [METRICS.commitLag]: commitLag }),
    [METRICS.batchTime]: batchTime,
  };
}

/** At its first delivery: retries of one bad message do not inflate what counts rejections. */
function isNew({ receiveCount }: RejectedMessage): boolean {
  return receiveCount === 1;
}

const IN_MILLISECONDS: readonly string[] = [METRICS.commitLag, METRICS.batchTime];

/**
 * What tells CloudWatch which members of a line are metrics, and by which others they are told apart:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function embedded(metrics: Metrics, dimensions: readonly string[], time: Date): object {
  const names = Object.keys(metrics);
  if (names.length === 0) return {};
  const Metrics = names.map((Name) => ({ Name, Unit: IN_MILLISECONDS.includes(Name) ? "Milliseconds" : "Count" }));
  return { _aws: { Timestamp: time.getTime(), CloudWatchMetrics: [{ Namespace: METRICS.namespace, Dimensions: [dimensions], Metrics }] } };
}
