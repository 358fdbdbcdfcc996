import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import type { SQSEvent, SQSRecord } from "aws-lambda";
import type { Pool } from "pg";
import { exact, ip } from "../../lambda/pipelines/pipeline.ts";
import type { Table } from "../../lambda/postgres/table.ts";
import { tokenize } from "../support/masks.ts";

interface Login {
  user_id: string;
  device_type: string;
  ip: string;
  device_id: string;
  locale: string | null;
  app_version: string;
}

const DEVICE = exact("device_id");

/** What people write with Powertools' batch processor: one INSERT a record. The masks are the function's. @param pool of one connection */
export async function rowByRow(pool: Pool, table: Table, event: SQSEvent): Promise<void> {
  const processor = new BatchProcessor(EventType.SQS);
  const { batchItemFailures } = await processPartialResponse(event, (record: SQSRecord) => insert(pool, table, record), processor);
  if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} messages failed.`);
}

async function insert(pool: Pool, table: Table, { messageId, body, attributes }: SQSRecord): Promise<void> {
  const login = JSON.parse(body) as Login;
  await pool.query(
    `INSERT INTO ${table.name} (user_id, device_type, masked_ip, masked_device_id, locale, app_version, create_date, message_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (create_date, message_id) DO NOTHING`,
    [
      login.user_id,
      login.device_type,
      tokenize(ip, login.ip)?.token,
      tokenize(DEVICE, login.device_id)?.token,
      login.locale,
      login.app_version,
      new Date(Number(attributes.SentTimestamp)).toISOString().slice(0, 10),
      messageId,
    ],
  );
}
