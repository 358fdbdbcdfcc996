import type { SQSEvent } from "aws-lambda";
import type { Client } from "pg";
import { COLUMNS, toRows } from "../support/rows.ts";

const TYPES = COLUMNS.map((column, i) => `$${i + 1}::${column === "create_date" ? "date" : "text"}[]`);

/** One INSERT per batch, with the columns as arrays. */
export async function insertByUnnest(client: Client, table: string, event: SQSEvent): Promise<void> {
  const rows = [...toRows(event)];
  await client.query(
    `INSERT INTO ${table} (${COLUMNS.join(", ")})
     SELECT * FROM unnest(${TYPES.join(", ")})
     ON CONFLICT (create_date, message_id) DO NOTHING`,
    COLUMNS.map((_, i) => rows.map((row) => row[i])),
  );
}
