import pg from "pg";
import type { Queue as PipelineQueue } from "../../lambda/pipelines/queue.ts";
import { type PostgresTarget, withClient } from "../targets/postgres.ts";
import { type Queue, readQueue, readQueueByArn } from "../targets/queue.ts";
import { explainError } from "../terminal/program.ts";
import { LOOK_BACK, type Result, type StatusReport } from "./types.ts";
import { sumUnknownFields } from "./unknown-fields.ts";

/** Rows are counted up to here, because a count of a large table takes minutes. */
const MAX_ROWS = 1_000_000;

/** Reads the state of a queue and of its dead-letter queue. */
export async function readQueues(queue: Queue): Promise<StatusReport> {
  const state = await tryRead(readQueue(queue));
  if ("failed" in state) return { queue: state };
  const { deadLetterArn } = state.value;
  return { queue: state, deadLetters: deadLetterArn ? await tryRead(readQueueByArn(queue.client, deadLetterArn)) : { value: null } };
}

/** Reads from the database the rows of each pipeline, and the rejections and unknown fields of all. */
export async function readPostgres(postgres: PostgresTarget, { name, pipelines }: PipelineQueue): Promise<StatusReport> {
  const names = pipelines.map((pipeline) => pipeline.name);
  const result = await tryRead(
    withClient(postgres, async (client) => {
      const rows: Result<Rows>[] = [];
      for (const { table } of pipelines) rows.push(await tryRead(countRows(client, table), table));
      return {
        rows,
        rejected: await tryRead(countRejections(client, names.length > 1 ? [...names, name] : names), "rejections"),
        unknownFields: await tryRead(sumUnknownFields(client, names), "unknown_fields"),
      };
    }),
  );
  return "failed" in result ? { rows: [result] } : result.value;
}

export type Rows = Awaited<ReturnType<typeof countRows>>;

async function countRows(client: pg.Client, table: string) {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (SELECT FROM ${pg.escapeIdentifier(table)} LIMIT ${MAX_ROWS + 1}) AS first_ones`,
  );
  const count = rows[0]?.count ?? 0;
  return { table, count: Math.min(count, MAX_ROWS), isMore: count > MAX_ROWS };
}

/** @param sources pipelines; of a shared queue also the queue, for messages that belong to none */
async function countRejections(client: pg.Client, sources: readonly string[]): Promise<Record<string, number>> {
  const { rows } = await client.query<{ source: string; code: string; messages: number }>(
    `SELECT pipeline AS source, code, count(DISTINCT message_id)::int AS messages
       FROM rejections
      WHERE pipeline = ANY ($1) AND at > now() - $2 * interval '1 ms'
      GROUP BY pipeline, code`,
    [sources, LOOK_BACK.rejected],
  );
  return Object.fromEntries(rows.map(({ source, code, messages }) => [sources.length > 1 ? `${source} ${code}` : code, messages]));
}

const UNDEFINED_TABLE = "42P01";

/** @param table that the work reads, if it reads one */
async function tryRead<T>(work: Promise<T>, table = ""): Promise<Result<T>> {
  try {
    return { value: await work };
  } catch (error) {
    const isMissing = error instanceof pg.DatabaseError && error.code === UNDEFINED_TABLE;
    return {
      failed: isMissing ? `table ${table} does not exist yet: masqueue migrate creates it` : explainError(error).replace(/\.$/, ""),
    };
  }
}
