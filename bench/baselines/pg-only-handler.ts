import type { SQSEvent } from "aws-lambda";
import pg from "pg";

let client: pg.Client | undefined;

/** A function that loads only `pg` and stores the ids of its messages. `pg` reads the connection's settings in the environment. */
export async function handler({ Records }: SQSEvent): Promise<object> {
  client ??= await new pg.Client().connect();
  await client.query("INSERT INTO bench_pg_only (create_date, message_id) SELECT date '2026-03-01', unnest($1::text[])", [
    Records.map(({ messageId }) => messageId),
  ]);
  return { batchItemFailures: [] };
}
