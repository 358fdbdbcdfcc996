import { readConfig } from "../config.ts";
import { createHandler } from "../ingest/handler.ts";
import { ENV } from "../names.ts";
import { Database } from "../postgres/database.ts";
import { PostgresStore } from "../postgres/postgres-store.ts";
import { createTelemetry } from "../telemetry.ts";

// Made before the configuration is read, so that a wrong configuration is logged like any other failure.
const reporter = createTelemetry(process.env[ENV.functionName] || process.env[ENV.pipeline] || "masqueue");

/** The function as it is deployed: `SQSEvent` in, `SQSBatchResponse` with the failed records out. */
export const handler = createHandler(() => {
  const { queue, masking, postgres } = readConfig(process.env);
  const database = new Database(postgres);
  return { queue, masking, openStore: (pipeline) => new PostgresStore(database, pipeline), reporter };
}, reporter);
