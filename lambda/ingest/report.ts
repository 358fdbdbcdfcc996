import type { Context, SQSBatchResponse, SQSRecord } from "aws-lambda";
import type { IngestError } from "../errors.ts";
import { type Outcome, UNSETTLED } from "../rows/outcome.ts";
import type { RejectedMessage } from "../rows/row-store.ts";
import { readReceiveCount, SMOKE_ATTRIBUTE } from "./event.ts";
import { UnknownFieldCounter, type UnknownFields } from "./unknown-fields.ts";

/** The results of a pipeline's records in a batch: ids, codes, counts and names; never a value. */
export interface BatchReport {
  /** The pipeline, or for records that belong to none the queue. */
  readonly pipeline: string;
  /** Whether other pipelines share the queue; metrics are then counted by pipeline, too. */
  readonly isShared: boolean;
  /** One for each record, in their order. */
  readonly outcomes: readonly { readonly messageId: string; readonly outcome: Outcome["kind"] }[];
  readonly rejected: readonly RejectedMessage[];
  readonly unknownFields: UnknownFields;
  /** Values that did not have their column's form and were masked as text. */
  readonly maskedAsText: number;
  /** Milliseconds from the sending of the oldest message that is now in the table to its commit; undefined if there is none. */
  readonly commitLag: number | undefined;
  /** Milliseconds from the first record to the database's last answer, with parsing, masking and the writing of rejections. */
  readonly batchTime: number;
  /** The outcomes of the messages that `masqueue smoke` sent. */
  readonly smoke: BatchReport["outcomes"];
}

/** The receiver of reports: log lines and metrics in AWS, the command line locally. */
export interface Reporter {
  /** Called first, with the invocation's context. */
  begin(context: Context): void;
  batch(report: BatchReport): void;
  /** The rejections or unknown fields could not be written; the rows of the batch are committed all the same. */
  findingsNotWritten(error: IngestError): void;
  /** The batch, or with `pipeline` the part of that pipeline, failed as a whole and will be delivered again. */
  failed(error: IngestError, pipeline?: string): void;
}

/** The state of records on their way through the steps. */
export interface Progress {
  /** By the record's position. A record that no step settles stays unsettled, so SQS delivers it again. */
  readonly outcomes: Outcome[];
  readonly unknownFields: UnknownFieldCounter;
  maskedAsText: number;
}

export function startProgress(records: readonly SQSRecord[]): Progress {
  return { outcomes: records.map(() => UNSETTLED), unknownFields: new UnknownFieldCounter(), maskedAsText: 0 };
}

/**
 * Builds the report from what the steps left. Pure.
 * @param committed the time at which the rows were committed, in milliseconds since 1970
 */
export function buildReport(
  pipeline: string,
  records: readonly SQSRecord[],
  progress: Progress,
  committed: number,
): Omit<BatchReport, "batchTime" | "isShared"> {
  const rejected: RejectedMessage[] = [];
  let oldest = Number.POSITIVE_INFINITY;
  const outcomes = records.map((record, i) => {
    const { messageId } = record;
    const outcome = progress.outcomes[i] ?? UNSETTLED;
    if (outcome.kind === "rejected") rejected.push({ ...outcome, messageId, receiveCount: readReceiveCount(record) });
    if (outcome.kind === "stored" || outcome.kind === "duplicate") {
      const sent = Number(record.attributes?.SentTimestamp);
      if (sent > 0 && sent < oldest) oldest = sent;
    }
    return { messageId, outcome: outcome.kind };
  });
  return {
    pipeline,
    outcomes,
    rejected,
    unknownFields: progress.unknownFields.total,
    maskedAsText: progress.maskedAsText,
    commitLag: oldest < Number.POSITIVE_INFINITY ? Math.max(0, committed - oldest) : undefined,
    smoke: outcomes.filter((_, i) => records[i]?.messageAttributes?.[SMOKE_ATTRIBUTE]),
  };
}

/** Lists the records that are not done. SQS delivers them again, and finally moves them to the dead-letter queue. */
export function toResponse({ outcomes }: Pick<BatchReport, "outcomes">): SQSBatchResponse {
  const failed = outcomes.filter(({ outcome }) => outcome === "rejected" || outcome === "unsettled");
  return { batchItemFailures: [...new Set(failed.map(({ messageId }) => messageId))].map((itemIdentifier) => ({ itemIdentifier })) };
}
