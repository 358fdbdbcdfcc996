import pg from "pg";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { type PostgresTarget, withClient } from "../targets/postgres.ts";
import { type Queue, readQueue, readQueueByArn } from "../targets/queue.ts";
import { explainError } from "../terminal/program.ts";
import { LOOK_BACK, type Result, type StatusReport } from "./types.ts";

/** Rows are counted up to here, because a count of a large table takes minutes. */
const MAX_ROWS = 1_000_000;

/** Reads the state of a queue and of its dead-letter queue. */
export async function readQueues(queue: Queue): Promise<StatusReport> {
  const state = await tryRead(readQueue(queue));
  if ("failed" in state) return { queue: state };
  const { deadLetterArn } = state.value;
  return { queue: state, deadLetters: deadLetterArn ? await tryRead(readQueueByArn(queue.client, deadLetterArn)) : { value: null } };
}

/** Reads a pipeline's rows and rejections from its database. */
export async function readPostgres(postgres: PostgresTarget, pipeline: Pipeline): Promise<StatusReport> {
  const result = await tryRead(
    withClient(postgres, async (client) => ({
      rows: await tryRead(countRows(client, pipeline.table)),
      rejected: await tryRead(countRejections(client, pipeline.name)),
    })),
  );
  return "failed" in result ? { rows: result } : result.value;
}

export type Rows = Awaited<ReturnType<typeof countRows>>;

async function countRows(client: pg.Client, table: string) {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (SELECT FROM ${pg.escapeIdentifier(table)} LIMIT ${MAX_ROWS + 1}) AS first_ones`,
  );
  const count = rows[0]?.count ?? 0;
  return { table, count: Math.min(count, MAX_ROWS), isMore: count > MAX_ROWS };
}

async function countRejections(client: pg.Client, pipeline: string): Promise<Record<string, number>> {
  const { rows } = await client.query<{ code: string; messages: number }>(
    `SELECT code, count(DISTINCT message_id)::int AS messages
       FROM rejections
      WHERE pipeline = $1 AND at > now() - $2 * interval '1 ms'
      GROUP BY code`,
    [pipeline, LOOK_BACK.rejected],
  );
  return Object.fromEntries(rows.map(({ code, messages }) => [code, messages]));
}

const UNDEFINED_TABLE = "42P01";

async function tryRead<T>(work: Promise<T>): Promise<Result<T>> {
  try {
    return { value: await work };
  } catch (error) {
    const isMissing = error instanceof pg.DatabaseError && error.code === UNDEFINED_TABLE;
    return { failed: isMissing ? "the table does not exist yet: masqueue migrate creates it" : explainError(error).replace(/\.$/, "") };
  }
}
