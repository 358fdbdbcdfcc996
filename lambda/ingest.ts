import { readConfig } from "./config.ts";
import { createHandler } from "./handler.ts";
import { Database } from "./postgres/database.ts";
import { telemetry } from "./telemetry.ts";

/** The function as it is deployed: `SQSEvent` in, `SQSBatchResponse` with the failed members out. */
export const handler = createHandler(() => {
  const { postgres, ...config } = readConfig(process.env);
  return { ...config, database: new Database(postgres), reporter: telemetry(config.pipeline.name) };
});
