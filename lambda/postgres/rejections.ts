import type { Client } from "pg";
import type { RejectedMessage } from "../rows/row-store.ts";

/** Appends a row for each rejected delivery, with one statement. */
export async function appendRejections(client: Client, pipeline: string, rejections: readonly RejectedMessage[]): Promise<void> {
  await client.query(
    `INSERT INTO rejections (pipeline, message_id, code, field, sqlstate, receive_count)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[])`,
    [
      pipeline,
      rejections.map((r) => r.messageId),
      rejections.map((r) => r.code),
      rejections.map((r) => r.field),
      rejections.map((r) => r.sqlstate),
      rejections.map((r) => r.receiveCount),
    ],
  );
}
