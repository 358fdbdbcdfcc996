import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import type { Deadline } from "../deadline.ts";
import { IngestError } from "../errors.ts";
import type { Tokenizer } from "../masking/tokens.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { Database } from "../postgres/database.ts";
import type { Verdict } from "../postgres/isolate.ts";
import { tableOf } from "../postgres/names.ts";
import { appendRejections } from "../postgres/rejections.ts";
import { driftOf } from "./drift.ts";
import { mask } from "./mask.ts";
import type { Message, Rejection, RowKey } from "./message.ts";
import { parse } from "./parse.ts";
import { type BatchReport, type RecordOutcome, type Reporter, receiveCountOf, reportOf, responseOf } from "./report.ts";
import { store } from "./store.ts";

export interface BatchParts {
  readonly pipeline: Pipeline;
  readonly database: Database;
  readonly tokenize: Tokenizer;
  readonly reporter: Reporter;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/**
 * The path of a batch: parse, mask, store, report.
 * @returns the members that are not done; whatever is not named there is committed
 * @throws IngestError where nothing of the batch may count as done
 */
export async function ingestBatch(records: readonly SQSRecord[], parts: BatchParts, deadline: Deadline): Promise<SQSBatchResponse> {
  const { pipeline, database, tokenize, reporter, now = Date.now } = parts;
  const parsed = records.map((record, index) => parse(record, index, pipeline));
  const messages = parsed.filter((result) => result.kind === "message");
  const unique = inKeyOrder(messages);
  let maskedAsText = 0;
  const rows = mapLazily(unique, (message) => {
    const row = mask(message, pipeline, tokenize);
    maskedAsText += row.maskedAsText;
    return row;
  });
  const repeats = pipeline.once === "event-id" || records.some((record) => receiveCountOf(record) > 1);
  const began = now();
  const verdicts = unique.length === 0 ? [] : await store(database, tableOf(pipeline), rows, repeats, deadline);
  const measured = { unknownFields: driftOf(unique), maskedAsText, committed: now() };
  const report = reportOf(pipeline.name, records, outcomesOf(parsed, unique, verdicts), measured);
  await keepReasons(report, database, reporter, deadline);
  reporter.batch({ ...report, postgresTime: now() - began });
  return responseOf(report);
}

/** Sorted by key and each key once: two writers of the same rows in opposite order would deadlock. */
function inKeyOrder(messages: readonly Message[]): Message[] {
  const byKey = new Map<string, Message>();
  for (const message of messages) {
    const key = keyText(message.key);
    if (!byKey.has(key)) byKey.set(key, message);
  }
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, message]) => message);
}

function keyText({ date, id }: RowKey): string {
  return `${date} ${id}`;
}

function* mapLazily<A, B>(items: Iterable<A>, map: (item: A) => B): Generator<B> {
  for (const item of items) yield map(item);
}

/** A record whose key another one of the batch had first shares that row's verdict, but is not stored twice. */
function outcomesOf(parsed: readonly (Message | Rejection)[], unique: readonly Message[], verdicts: readonly Verdict[]): RecordOutcome[] {
  const byKey = new Map(unique.map((message, i) => [keyText(message.key), { first: message, verdict: verdicts[i] as Verdict }]));
  return parsed.map((result): RecordOutcome => {
    if (result.kind === "rejection") return result;
    const { first, verdict } = byKey.get(keyText(result.key)) as { first: Message; verdict: Verdict };
    if (verdict.kind === "refused") {
      return {
        kind: "rejection",
        index: result.index,
        code: "refused_by_database",
        field: verdict.column ?? null,
        sqlstate: verdict.sqlstate,
      };
    }
    return verdict.kind === "stored" && first !== result ? { kind: "duplicate" } : verdict;
  });
}

type Reasons = Pick<BatchReport, "pipeline" | "rejected">;

/** The reasons go to `rejections` after the rows; should that fail, the batch stands and the failure is told. */
async function keepReasons({ pipeline, rejected }: Reasons, database: Database, reporter: Reporter, deadline: Deadline): Promise<void> {
  if (rejected.length === 0) return;
  try {
    await database.run((client) => appendRejections(client, pipeline, rejected), deadline);
  } catch (error) {
    reporter.rejectionsNotWritten(error instanceof IngestError ? (error.sqlstate ?? error.code) : "internal_error");
  }
}
