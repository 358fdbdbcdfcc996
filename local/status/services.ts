import pg from "pg";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { quoteIdent } from "../../lambda/postgres/table.ts";
import { type Queue, queueState, readQueueOf } from "../emulators/sqs.ts";
import { type OpenPostgres, withClient } from "../targets/open.ts";
import { explainError } from "../terminal/explain.ts";
import { type Answer, type Facts, LOOK_BACK, type Rows } from "./types.ts";

/** Rows are counted up to here: a count of all of a large table takes minutes. */
const MOST_ROWS = 1_000_000;

/** What a queue tells of itself and of its dead-letter queue. */
export async function queueFacts(queue: Queue): Promise<Pick<Facts, "queue" | "deadLetters">> {
  const state = await attempt(queueState(queue));
  if ("failed" in state) return { queue: state };
  const { deadLetterArn } = state.value;
  return { queue: state, deadLetters: deadLetterArn ? await attempt(readQueueOf(queue.client, deadLetterArn)) : { value: null } };
}

/** What a database tells of a pipeline. */
export async function postgresFacts(postgres: OpenPostgres, pipeline: Pipeline): Promise<Pick<Facts, "rows" | "rejected">> {
  const asked = await attempt(
    withClient(postgres, async (client) => ({
      rows: await attempt(countRows(client, pipeline.table)),
      rejected: await attempt(rejectedByCode(client, pipeline.name)),
    })),
  );
  return "failed" in asked ? { rows: asked } : asked.value;
}

async function countRows(client: pg.Client, table: string): Promise<Rows> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (SELECT FROM ${quoteIdent(table)} LIMIT ${MOST_ROWS + 1}) AS first_ones`,
  );
  const count = rows[0]?.count ?? 0;
  return { table, count: Math.min(count, MOST_ROWS), isMore: count > MOST_ROWS };
}

async function rejectedByCode(client: pg.Client, pipeline: string): Promise<Record<string, number>> {
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

async function attempt<T>(work: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work };
  } catch (error) {
    const isMissing = error instanceof pg.DatabaseError && error.code === UNDEFINED_TABLE;
    return { failed: isMissing ? "the table is not there yet: masqueue migrate makes it" : explainError(error).replace(/\.$/, "") };
  }
}
