import type { SQSRecord } from "aws-lambda";
import type pg from "pg";
import { parse } from "../../lambda/ingest/parse.ts";
import { readEvent } from "../../lambda/ingest/read-event.ts";
import { route } from "../../lambda/ingest/route.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import type { Queue } from "../../lambda/pipelines/queue.ts";

/** Why a message is a dead letter. */
export interface Reason {
  /** A rejection's code, or one of {@link OTHER_REASONS}. */
  readonly code: string;
  readonly field: string | null;
}

/** Reasons that are no rejections. */
export const OTHER_REASONS = {
  /** The function would store it now, so far as its body shows: Postgres refused it, or its batches failed. */
  storable: { code: "storable", field: null },
  /** It was never rejected: all its batches failed. */
  batchFailed: { code: "batch_failed", field: null },
} as const satisfies Record<string, Reason>;

/** Parses a message as the function does. @returns why it would be rejected now, or `storable` */
export function judge(record: SQSRecord, queue: Queue): Reason {
  const { shares, unrouted } = route([record], queue);
  const [share] = shares;
  const outcome = share ? parse(record, share.pipeline, share.events[0]) : unrouted.outcomes[0];
  return outcome?.kind === "rejected" ? outcome : OTHER_REASONS.storable;
}

/** Reads the latest rejections of messages. @returns by message id; a message that was never rejected is absent */
export async function readReasons(client: pg.Client, ids: readonly string[]): Promise<Map<string, Reason>> {
  const { rows } = await client.query<Reason & { message_id: string }>(
    "SELECT DISTINCT ON (message_id) message_id, code, field FROM rejections WHERE message_id = ANY ($1) ORDER BY message_id, id DESC",
    [ids],
  );
  return new Map(rows.map(({ message_id, code, field }) => [message_id, { code, field }]));
}

/** Finds the pipeline of a message; undefined if it belongs to none. */
export function findPipeline(record: SQSRecord, queue: Queue): Pipeline | undefined {
  return route([record], queue).shares[0]?.pipeline;
}

/** The event of a message as an object; undefined if its body is none. */
export function readBody(record: SQSRecord, queue: Queue): object | undefined {
  const event = readEvent(record, queue);
  return event.kind === "event" ? event.body : undefined;
}
