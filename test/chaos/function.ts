import { readConfig } from "../../lambda/config.ts";
import { createHandler } from "../../lambda/ingest/handler.ts";
import { ENV } from "../../lambda/names.ts";
import { Database } from "../../lambda/postgres/database.ts";
import { PostgresStore } from "../../lambda/postgres/postgres-store.ts";
import { createTelemetry } from "../../lambda/telemetry.ts";
import { QUEUES } from "./pipelines.ts";

const reporter = createTelemetry("chaos");
const known = QUEUES[process.env.CHAOS_VERSION ?? "1"];

/** lambda/functions/ingest.ts with the queue of the harness. */
export const handler = createHandler(() => {
  const { queue, masking, postgres } = readConfig(process.env, known && { [process.env[ENV.pipeline] ?? ""]: known });
  const database = new Database(postgres);
  return { queue, masking, openStore: (pipeline) => new PostgresStore(database, pipeline), reporter };
}, reporter);
