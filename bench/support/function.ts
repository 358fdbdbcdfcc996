import type { SQSEvent } from "aws-lambda";
import type { ClientConfig } from "pg";
import { createHandler } from "../../lambda/ingest/handler.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { Database } from "../../lambda/postgres/database.ts";
import { telemetry } from "../../lambda/telemetry.ts";
import { contextFor } from "../../local/emulators/sqs-event.ts";
import { masterKey } from "./masks.ts";

/** Milliseconds that an invocation may take; far from what any takes. */
const TIME = 120_000;

/** The function as it is deployed, in this process: handler, stages, connection, log lines and metrics. */
export interface BenchFunction {
  /**
   * One invocation: SQSEvent in, response out.
   * @param failures how many messages must be reported as failed. @default 0
   */
  invoke(event: SQSEvent, failures?: number): Promise<void>;
  close(): Promise<void>;
}

/** What it logs goes to this process's stdout, which must lead nowhere. */
export function functionOn(config: ClientConfig, pipeline: Pipeline): BenchFunction {
  const database = new Database(config);
  const handler = createHandler(() => ({ pipeline, masterKey, database, reporter: telemetry(pipeline.name) }));
  return {
    async invoke(event, failures = 0) {
      const { batchItemFailures } = await handler(event, contextFor(TIME));
      if (batchItemFailures.length !== failures) throw new Error(`${batchItemFailures.length} messages failed instead of ${failures}.`);
    },
    close: () => database.close(),
  };
}
