import { readConfig } from "./config.ts";
import { ENV } from "./env.ts";
import { createHandler } from "./handler.ts";
import { Database } from "./postgres/database.ts";
import { telemetry } from "./telemetry.ts";

/** The function as it is deployed: `SQSEvent` in, `SQSBatchResponse` with the failed members out. */
export const handler = createHandler(() => {
  const { postgres, ...config } = readConfig(process.env);
  const reporter = telemetry(process.env[ENV.functionName] ?? config.pipeline.name);
  return { ...config, database: new Database(postgres), reporter };
});
