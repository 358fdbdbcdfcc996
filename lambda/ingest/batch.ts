import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import type { Deadline } from "../deadline.ts";
import { IngestError } from "../errors.ts";
import type { Tokenizer } from "../masking/tokens.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { Database } from "../postgres/database.ts";
import { appendRejections } from "../postgres/rejections.ts";
import { tableOf } from "../postgres/table.ts";
import { type BatchReport, type Reporter, receiveCountOf, reportOf, responseOf } from "./report.ts";
import { BatchRows } from "./rows.ts";
import { store } from "./store.ts";

export interface BatchDeps {
  readonly pipeline: Pipeline;
  readonly database: Database;
  readonly tokenize: Tokenizer;
  /** A pooler stands before the database. */
  readonly isPooled: boolean;
  readonly reporter: Reporter;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/**
 * The path of a batch: parse and mask, row by row as they are asked for; store; report.
 * @returns the members that are not done; whatever is not named there is committed
 * @throws IngestError where nothing of the batch may count as done
 */
export async function ingestBatch(records: readonly SQSRecord[], parts: BatchDeps, deadline: Deadline): Promise<SQSBatchResponse> {
  const { pipeline, database, tokenize, isPooled, reporter, now = Date.now } = parts;
  const rows = new BatchRows(records, pipeline, tokenize);
  // Not where a row has probably been tried before. And not through a pooler: rows that come before the server has asked for them, as
  // ours do, make PgBouncer keep the server's connection for us.
  const byCopy = !isPooled && pipeline.once === "message-id" && records.every((record) => receiveCountOf(record) === 1);
  const began = now();
  const verdicts = await store(database, tableOf(pipeline), rows, byCopy, deadline);
  const report = reportOf(pipeline.name, records, rows.outcomes(verdicts), { ...rows.counts, committed: now() });
  await keepReasons(report, database, reporter, deadline);
  reporter.batch({ ...report, batchTime: now() - began });
  return responseOf(report);
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
