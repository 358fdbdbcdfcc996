import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import type { Deadline } from "../deadline.ts";
import { IngestError, toIngestError } from "../errors.ts";
import type { Tokenizer } from "../masking/tokens.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { Queue } from "../pipelines/queue.ts";
import type { MaskedRow } from "../rows/masked-row.ts";
import { DUPLICATE, type Outcome, type SettledRow } from "../rows/outcome.ts";
import type { RowStore } from "../rows/row-store.ts";
import { readReceiveCount } from "./event.ts";
import { groupById, type KeyedMessage, mergeByDate } from "./key-order.ts";
import { mask } from "./mask.ts";
import { parse } from "./parse.ts";
import { type BatchReport, buildReport, type Progress, type Reporter, startProgress, toResponse } from "./report.ts";
import { route, type Share } from "./route.ts";

/** The keys and the table of a pipeline. */
export interface Lane {
  readonly tokenize: Tokenizer;
  readonly store: RowStore;
}

/** Whether a lane takes rows: its keys and its table have been found to fit. */
export function isOpen(lane: Lane | IngestError | undefined): lane is Lane {
  return lane !== undefined && !(lane instanceof IngestError);
}

export interface BatchDeps {
  readonly queue: Queue;
  /** A lane for each pipeline of the queue, or why there is none now; at least one lane is open. */
  readonly lanes: ReadonlyMap<Pipeline, Lane | IngestError>;
  readonly reporter: Reporter;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/**
 * The path of a batch: route → parse → mask → store → report. Each table is written and reported for itself: if one fails, the messages
 * of the others are done.
 * @returns the records that are not done; every other one is committed
 * @throws IngestError if nothing of the batch may count as done
 */
export async function ingestBatch(records: readonly SQSRecord[], deps: BatchDeps, deadline: Deadline): Promise<SQSBatchResponse> {
  const { queue, reporter, now = Date.now } = deps;
  const { shares, unrouted } = route(records, queue);
  const outcomes: BatchReport["outcomes"][] = [];
  let failed = 0;
  for (const [i, { pipeline, ...share }] of shares.entries()) {
    const began = now();
    let progress = startProgress(share.records);
    // A table that is locked must leave time for the others.
    const limit = deadline.part(1 / (shares.length - i));
    try {
      await ingestShare(pipeline, share, progress, deps, limit);
    } catch (error) {
      failed++;
      if (failed === shares.length) throw error;
      reporter.failed(toIngestError(error), pipeline.name);
      progress = startProgress(share.records);
    }
    outcomes.push(await report(pipeline.name, share.records, progress, began, deps, limit));
  }
  if (unrouted.records.length > 0) {
    const progress = { ...startProgress(unrouted.records), outcomes: unrouted.outcomes };
    outcomes.push(await report(queue.name, unrouted.records, progress, now(), deps, deadline));
  }
  return toResponse({ outcomes: outcomes.flat() });
}

/** Stores the rows of one pipeline. @throws IngestError if nothing of it may count as done */
async function ingestShare(
  pipeline: Pipeline,
  share: Omit<Share, "pipeline">,
  progress: Progress,
  { lanes }: BatchDeps,
  deadline: Deadline,
): Promise<void> {
  const lane = lanes.get(pipeline) as Lane | IngestError;
  if (lane instanceof IngestError) throw lane;
  const { records } = share;
  const groups = Map.groupBy(groupById(records, pipeline), (group) => isRepeated(group, records, pipeline));
  const makeRows = (repeated: boolean) => parseAndMask(groups.get(repeated) ?? [], pipeline, share, progress, lane.tokenize);
  const settled = await lane.store.storeRows({ fresh: makeRows(false), repeated: makeRows(true) }, deadline);
  settle(progress.outcomes, settled);
}

/**
 * Produces the rows in key order, each key once. It reads a record only when the store draws its row: the first rows are on their way
 * to the database while the last records are still text.
 */
function* parseAndMask(
  groups: readonly (readonly number[])[],
  pipeline: Pipeline,
  { records, events }: Omit<Share, "pipeline">,
  progress: Progress,
  tokenize: Tokenizer,
): Generator<MaskedRow> {
  for (const group of groups) {
    const messages: KeyedMessage[] = [];
    for (const position of group) {
      const message = parse(records[position] as SQSRecord, pipeline, events[position]);
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

/**
 * Reports records whose rows, if they have any, are committed. So a failure here must not fail the batch.
 * @param source their pipeline, or the queue if they belong to none
 */
async function report(
  source: string,
  records: readonly SQSRecord[],
  progress: Progress,
  began: number,
  { queue, lanes, reporter, now = Date.now }: BatchDeps,
  deadline: Deadline,
): Promise<BatchReport["outcomes"]> {
  const built = buildReport(source, records, progress, now());
  const lane = [...lanes.values()].find(isOpen);
  if (lane && (built.rejected.length > 0 || built.unknownFields.names.length > 0))
    await lane.store.appendFindings(built, deadline).catch((error) => reporter.findingsNotWritten(toIngestError(error)));
  reporter.batch({ ...built, isShared: queue.pipelines.length > 1, batchTime: now() - began });
  return built.outcomes;
}
