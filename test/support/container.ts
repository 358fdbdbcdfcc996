import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import type { ClientConfig } from "pg";
import type { IngestError } from "../../lambda/errors.ts";
import { createHandler } from "../../lambda/ingest/handler.ts";
import type { BatchReport, Reporter } from "../../lambda/ingest/report.ts";
import { importMasterKey, type MasterKey } from "../../lambda/masking/keys.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { type Queue, toQueue } from "../../lambda/pipelines/queue.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { Database } from "../../lambda/postgres/database.ts";
import { PostgresStore } from "../../lambda/postgres/postgres-store.ts";
import { createContext } from "../../local/emulators/sqs-event.ts";

/** Keeps the reports. */
export class Reports implements Reporter {
  readonly batches: BatchReport[] = [];
  readonly failures: IngestError[] = [];
  readonly lost: string[] = [];
  begin(): void {}
  batch(report: BatchReport): void {
    this.batches.push(report);
  }
  findingsNotWritten({ code, sqlstate }: IngestError): void {
    this.lost.push(sqlstate ?? code);
  }
  failed(error: IngestError): void {
    this.failures.push(error);
  }

  get last(): BatchReport {
    return this.batches.at(-1) as BatchReport;
  }
}

export const TEST_SECRET = Buffer.alloc(32, 7);

export interface Container {
  /** Invokes the handler as Lambda does. @param seconds the function's time */
  invoke(records: readonly SQSRecord[], seconds?: number): Promise<SQSBatchResponse>;
  /** Invokes the handler. @returns the message ids that it reports as failed */
  failures(records: readonly SQSRecord[]): Promise<string[]>;
  readonly reports: Reports;
  readonly database: Database;
  close(): Promise<void>;
}

/** Creates a Lambda container: the deployed handler with a real database. It keeps its reports unless another reporter is given. */
export function container(
  config: ClientConfig,
  options: { pipeline?: Pipeline; queue?: Queue; masterKey?: MasterKey; reporter?: Reporter } = {},
): Container {
  const { pipeline = userLogins, queue = toQueue(pipeline), masterKey = importMasterKey(TEST_SECRET) } = options;
  const reports = new Reports();
  const database = new Database(config);
  const masking = queue.masking === "hmac" ? { mode: "hmac" as const, masterKey } : { mode: "sha256" as const };
  const { reporter = reports } = options;
  const handler = createHandler(() => ({ queue, masking, openStore: (pipeline) => new PostgresStore(database, pipeline), reporter }));
  const invoke = async (records: readonly SQSRecord[], seconds = 30) => handler({ Records: [...records] }, createContext(seconds * 1000));
  return {
    invoke,
    failures: async (records) => (await invoke(records)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
    reports,
    database,
    close: () => database.close(),
  };
}
