import type { Context, SQSBatchResponse, SQSRecord } from "aws-lambda";
import type { IngestError } from "../errors.ts";
import type { Verdict } from "../postgres/isolate.ts";
import type { RejectionRow } from "../postgres/rejections.ts";
import type { Rejection } from "./message.ts";
import type { Drift } from "./unknown-fields.ts";

/** What became of one record. `unsettled`: not tried for lack of time; it comes back, and is no rejection. */
export type Outcome = Exclude<Verdict["kind"], "refused"> | "rejected";

export interface RejectedMessage extends RejectionRow {
  readonly hint: string | undefined;
}

/** What a batch came to; counts and names only. */
export interface BatchReport {
  readonly pipeline: string;
  /** For each record of the batch, in its order. */
  readonly outcomes: readonly { readonly messageId: string; readonly outcome: Outcome }[];
  readonly rejected: readonly RejectedMessage[];
  readonly unknownFields: Drift;
  /** Values that did not have their column's form and were masked as text. */
  readonly maskedAsText: number;
  /** Milliseconds from the sending of the oldest message that is in the table now to its commit; undefined where none is. */
  readonly commitLag: number | undefined;
  /** Milliseconds from the first row to Postgres's last answer: reading and masking included, and the reasons of rejections. */
  readonly batchTime: number;
  /** The outcomes of messages that were sent as a test. */
  readonly smoke: BatchReport["outcomes"];
}

/** The message attribute by which `masqueue smoke` marks its message. */
export const SMOKE_ATTRIBUTE = "masqueue-smoke";

/** Where reports go: log lines and metrics in AWS, the command line locally. */
export interface Reporter {
  /** Called first, with the invocation's context. */
  begin(context: Context): void;
  batch(report: BatchReport): void;
  /** `rejections` could not be written; the batch stands nevertheless. */
  rejectionsNotWritten(sqlstateOrCode: string): void;
  /** The batch as a whole failed and will be delivered again. */
  failed(error: IngestError): void;
}

export type RecordOutcome = Exclude<Verdict, { kind: "refused" }> | Rejection;

/** What was counted and measured on a batch's way. */
type Measured = Pick<BatchReport, "unknownFields" | "maskedAsText"> & {
  /** When its rows were committed, in milliseconds since 1970. */
  readonly committed: number;
};

/**
 * Puts the outcomes of a batch's records into a report. Pure.
 * @param outcomes one for each record, in the batch's order
 */
export function reportOf(
  pipeline: string,
  records: readonly SQSRecord[],
  outcomes: readonly RecordOutcome[],
  { committed, ...measured }: Measured,
): Omit<BatchReport, "batchTime"> {
  const rejected: RejectedMessage[] = [];
  let oldest = Number.POSITIVE_INFINITY;
  const named = records.map((record, i) => {
    const outcome = outcomes[i] ?? UNSETTLED;
    const { messageId } = record;
    if (outcome.kind === "rejection") {
      const { code, field, sqlstate = null, hint } = outcome;
      rejected.push({ messageId, code, field, sqlstate, hint, receiveCount: receiveCountOf(record) });
      return { messageId, outcome: "rejected" as const };
    }
    const sent = outcome.kind === "unsettled" ? 0 : Number(record.attributes?.SentTimestamp);
    if (sent > 0 && sent < oldest) oldest = sent;
    return { messageId, outcome: outcome.kind };
  });
  const commitLag = oldest < Number.POSITIVE_INFINITY ? Math.max(0, committed - oldest) : undefined;
  const smoke = named.filter((_, i) => records[i]?.messageAttributes?.[SMOKE_ATTRIBUTE]);
  return { pipeline, outcomes: named, rejected, commitLag, smoke, ...measured };
}

const UNSETTLED: RecordOutcome = { kind: "unsettled" };

/** The members of the batch that are not done: SQS delivers them again, and moves them to the dead-letter queue in the end. */
export function responseOf(report: Pick<BatchReport, "outcomes">): SQSBatchResponse {
  const failed = report.outcomes.filter(({ outcome }) => outcome === "rejected" || outcome === "unsettled");
  return { batchItemFailures: [...new Set(failed.map(({ messageId }) => messageId))].map((itemIdentifier) => ({ itemIdentifier })) };
}

/** How often SQS has handed the message out, this time included; 1 at the first delivery. */
export function receiveCountOf(record: SQSRecord): number {
  const count = Number(record.attributes?.ApproximateReceiveCount ?? 1);
  return Number.isSafeInteger(count) && count > 0 ? count : 1;
}
