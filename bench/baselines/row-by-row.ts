import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import type { SQSEvent, SQSRecord } from "aws-lambda";
import type { Pool } from "pg";
import { toRow } from "../support/rows.ts";

/** The usual way with Powertools' batch processor: one INSERT per record. @param pool of one connection @throws Error if a message failed */
export async function insertRowByRow(pool: Pool, table: string, event: SQSEvent): Promise<void> {
  const insert = (record: SQSRecord) =>
    pool.query(
      `INSERT INTO ${table} (user_id, device_type, masked_ip, masked_device_id, locale, app_version, create_date, message_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (create_date, message_id) DO NOTHING`,
      [...toRow(record)],
    );
  const { batchItemFailures } = await processPartialResponse(event, insert, new BatchProcessor(EventType.SQS));
  if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} messages failed.`);
}
