import { readConfig } from "../config.ts";
import { createHandler } from "../ingest/handler.ts";
import { ENV } from "../names.ts";
import { Database } from "../postgres/database.ts";
import { telemetry } from "../telemetry.ts";

// Made before the configuration is read, so that what is wrong with that is logged like any other failure.
const reporter = telemetry(process.env[ENV.functionName] || process.env[ENV.pipeline] || "masqueue");

/** The function as it is deployed: `SQSEvent` in, `SQSBatchResponse` with the failed members out. */
export const handler = createHandler(() => {
  const { postgres, ...config } = readConfig(process.env);
  return { ...config, database: new Database(postgres), reporter };
}, reporter);
