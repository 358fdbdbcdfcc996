import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import type { Deadline } from "../deadline.ts";
import { toIngestError } from "../errors.ts";
import type { Tokenizer } from "../masking/tokens.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { MaskedRow } from "../rows/masked-row.ts";
import { DUPLICATE, type Outcome, type SettledRow, UNSETTLED } from "../rows/outcome.ts";
import type { RowStore } from "../rows/row-store.ts";
import { readReceiveCount } from "./event.ts";
import { groupById, type KeyedMessage, mergeByDate } from "./key-order.ts";
import { mask } from "./mask.ts";
import { parse } from "./parse.ts";
import { buildReport, type Progress, type Reporter, toResponse } from "./report.ts";
import { UnknownFieldCounter } from "./unknown-fields.ts";

export interface BatchDeps {
  readonly pipeline: Pipeline;
  readonly tokenize: Tokenizer;
  readonly store: RowStore;
  readonly reporter: Reporter;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/**
 * The path of a batch: parse → mask → store → report.
 * @returns the records that are not done; every other one is committed
 * @throws IngestError if nothing of the batch may count as done
 */
export async function ingestBatch(records: readonly SQSRecord[], deps: BatchDeps, deadline: Deadline): Promise<SQSBatchResponse> {
  const { pipeline, store, reporter, now = Date.now } = deps;
  const began = now();
  const progress: Progress = { outcomes: records.map(() => UNSETTLED), unknownFields: new UnknownFieldCounter(), maskedAsText: 0 };

  const groups = Map.groupBy(groupById(records, pipeline), (group) => isRepeated(group, records, pipeline));
  const makeRows = (repeated: boolean) => parseAndMask(groups.get(repeated) ?? [], records, deps, progress);
  const settled = await store.storeRows({ fresh: makeRows(false), repeated: makeRows(true) }, deadline);
  settle(progress.outcomes, settled);

  const report = buildReport(pipeline.name, records, progress, now());
  if (report.rejected.length > 0) {
    // The rows are committed: a failure here must not fail the batch.
    await store.appendRejections(report.rejected, deadline).catch((error) => reporter.rejectionsNotWritten(toIngestError(error)));
  }
  reporter.batch({ ...report, batchTime: now() - began });
  return toResponse(report);
}

/**
 * Produces the rows in key order, each key once. It reads a record only when the store draws its row: the first rows are on their way
 * to the database while the last records are still text.
 */
function* parseAndMask(
  groups: readonly (readonly number[])[],
  records: readonly SQSRecord[],
  { pipeline, tokenize }: BatchDeps,
  progress: Progress,
): Generator<MaskedRow> {
  for (const group of groups) {
    const messages: KeyedMessage[] = [];
    for (const position of group) {
      const message = parse(records[position] as SQSRecord, pipeline);
      if (message.kind === "rejected") progress.outcomes[position] = message;
      else messages.push({ message, positions: [position] });
    }
    for (const { message, positions } of mergeByDate(messages)) {
      const { row, asText } = mask(message, positions, pipeline, tokenize);
      progress.unknownFields.add(message);
      progress.maskedAsText += asText;
      yield row;
    }
  }
}

/** A redelivered message, or a producer's retry, has probably been stored or refused before. */
function isRepeated(group: readonly number[], records: readonly SQSRecord[], { once }: Pipeline): boolean {
  return once === "event-id" || group.some((position) => readReceiveCount(records[position] as SQSRecord) > 1);
}

/** Records that share a row share its outcome, but only the first of them is stored. */
function settle(outcomes: Outcome[], settled: readonly SettledRow[]): void {
  for (const { row, outcome } of settled) {
    const [first, ...others] = row.positions;
    if (first !== undefined) outcomes[first] = outcome;
    for (const position of others) outcomes[position] = outcome.kind === "stored" ? DUPLICATE : outcome;
  }
}
