import { setTimeout as wait } from "node:timers/promises";
import { ROLES } from "../../lambda/names.ts";
import { MESSAGE_ID_COLUMN, type Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { interrupted } from "../../local/terminal/signals.ts";
import { findTraces } from "../support/canaries.ts";
import type { Expected, Found } from "./compare.ts";
import { paymentsNext } from "./pipelines.ts";
import type { Postgres } from "./postgres.ts";
import type { ChaosQueue } from "./queue.ts";

/** Seconds in which a healed system must have done all that was left. */
const DRAIN = 120;

/** Waits until only invalid messages are in the queue, each with a reason in `rejections`, and sends them to the dead-letter queue. */
export async function drain(queue: ChaosQueue, postgres: Postgres, { rejected }: Expected): Promise<void> {
  const isSettled = async () => {
    const [written] = await postgres.sql<{ n: number }>("SELECT count(DISTINCT message_id)::int AS n FROM rejections");
    return written?.n === rejected.size && (await queue.depth()) + (await queue.countDeadLetters()) === rejected.size;
  };
  await until(isSettled, DRAIN);
  await queue.deadLetterAll();
  await until(async () => (await queue.depth()) === 0, DRAIN);
}

/** Reads what is left in the tables, the queues and the server's log. @param traces of the functions' output */
export async function look(postgres: Postgres, queue: ChaosQueue, traces: readonly string[], canaries: object): Promise<Found> {
  const connections = async () => (await postgres.sql(`SELECT FROM pg_stat_activity WHERE usename = '${ROLES.ingest}'`)).length;
  await until(async () => (await connections()) === 0, 10);
  const reasons = await postgres.sql<Found["reasons"][number]>(
    `SELECT DISTINCT message_id AS "messageId", concat_ws(' ', code, coalesce(field, '-'), coalesce(sqlstate, '-')) AS reason FROM rejections`,
  );
  const findings = await postgres.sql("SELECT to_jsonb(r) FROM rejections AS r UNION ALL SELECT to_jsonb(u) FROM unknown_fields AS u");
  return {
    rows: [...(await readRows(postgres, userLogins)), ...(await readRows(postgres, paymentsNext))],
    reasons,
    deadLetters: await queue.readDeadLetters(),
    inQueue: await queue.depth(),
    connections: await connections(),
    traces: [
      ...traces,
      ...findLeaks("the server's log", postgres.log(), canaries),
      ...findLeaks("rejections and unknown_fields", JSON.stringify(findings), canaries),
    ],
  };
}

async function readRows(postgres: Postgres, { table, columns }: Pipeline): Promise<Found["rows"]> {
  const list = columns.map(({ name }) => `${name}::text`).join(", ");
  const rows = await postgres.sql<Record<string, string | null>>(`SELECT ${MESSAGE_ID_COLUMN}, ${list} FROM ${table}`);
  return rows.map(({ [MESSAGE_ID_COLUMN]: id, ...cells }) => ({ place: `${table} ${id}`, cells }));
}

/** Lists the canaries and tokens that a text holds, each as `door: what`. Tokens link messages, so no output may hold them either. */
export function findLeaks(door: string, text: string, canaries: object): string[] {
  const tokens = /\bv1\.[0-9a-f]{8}/.test(text) ? ["a token"] : [];
  return [...findTraces(text, canaries), ...tokens].map((what) => `${door}: ${what}`);
}

/** Waits for a condition, but no longer than some seconds: what it leaves undone is then a difference. */
async function until(holds: () => Promise<boolean>, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end && !interrupted.aborted && !(await holds())) await wait(250);
}
