import type { SQSEvent } from "aws-lambda";
import type { ClientConfig } from "pg";
import { createHandler } from "../../lambda/ingest/handler.ts";
import { toQueue } from "../../lambda/pipelines/queue.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { Database } from "../../lambda/postgres/database.ts";
import { PostgresStore } from "../../lambda/postgres/postgres-store.ts";
import { createTelemetry } from "../../lambda/telemetry.ts";
import { createContext } from "../../local/emulators/sqs-event.ts";
import { masterKey } from "./rows.ts";

/** Milliseconds that an invocation may take; none comes near it. */
const TIMEOUT = 120_000;

/**
 * One invocation, from SQSEvent to response.
 * @param failures how many messages must be reported as failed. @default 0
 */
export type Invoke = (event: SQSEvent, failures?: number) => Promise<void>;

/**
 * Opens the function as it is deployed, in this process: handler, stages, connection, log lines (to stdout) and metrics.
 * @returns it connected, with its table checked: a container's start is measured elsewhere
 */
export async function openFunction(config: ClientConfig, table: string): Promise<Invoke> {
  const pipeline = { ...userLogins, table };
  const store = new PostgresStore(new Database(config), pipeline);
  const queue = toQueue(pipeline);
  const reporter = createTelemetry(pipeline.name);
  const handler = createHandler(() => ({ queue, masking: { mode: "hmac", masterKey }, openStore: () => store, reporter }));
  const invoke: Invoke = async (event, failures = 0) => {
    const { batchItemFailures } = await handler(event, createContext(TIMEOUT));
    if (batchItemFailures.length !== failures) throw new Error(`${batchItemFailures.length} messages failed instead of ${failures}.`);
  };
  await invoke({ Records: [] });
  return invoke;
}
