import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { SQSEvent } from "aws-lambda";
import type { Client } from "pg";
import { from } from "pg-copy-streams";
import { toCopyLine, toRows } from "../support/rows.ts";
import { formatCopy } from "./copy.ts";

const ROWS_PER_CHUNK = 250;

/** COPY through the usual library, which waits for the server before it sends rows. */
export async function copyByStream(client: Client, table: string, event: SQSEvent): Promise<void> {
  await pipeline(Readable.from(encodeChunks(event), { objectMode: false }), client.query(from(formatCopy(table))));
}

function* encodeChunks(event: SQSEvent): Generator<Buffer> {
  let text = "";
  let pending = 0;
  for (const row of toRows(event)) {
    text += toCopyLine(row);
    if (++pending % ROWS_PER_CHUNK > 0) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text) yield Buffer.from(text);
}
