import type { Client } from "pg";
import type { Findings } from "../rows/row-store.ts";

/** Appends a row for each rejected delivery and one for each unknown field. */
export async function appendFindings(client: Client, { pipeline, rejected, unknownFields }: Findings): Promise<void> {
  if (rejected.length > 0)
    await client.query(
      `INSERT INTO rejections (pipeline, message_id, code, field, sqlstate, receive_count)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[])`,
      [
        pipeline,
        rejected.map((r) => r.messageId),
        rejected.map((r) => r.code),
        rejected.map((r) => r.field),
        rejected.map((r) => r.sqlstate),
        rejected.map((r) => r.receiveCount),
      ],
    );
  if (unknownFields.names.length > 0)
    await client.query("INSERT INTO unknown_fields (pipeline, field, messages) SELECT $1, * FROM unnest($2::text[], $3::int[])", [
      pipeline,
      unknownFields.names,
      unknownFields.messages,
    ]);
}
