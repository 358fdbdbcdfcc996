import type { Client, Connection, Submittable } from "pg";
import { COLUMNS } from "../support/rows.ts";

/** Bytes: enough to fill packets, few enough that the server begins while the rest is on its way. */
const CHUNK = 64 * 1024;

/** The statement for a COPY into a table like `user_logins`. */
export function formatCopy(table: string): string {
  return `COPY ${table} (${COLUMNS.join(", ")}) FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')`;
}

/**
 * The limit of Postgres itself: one COPY of rows that are masked and encoded already, sent without waiting for an answer in between.
 * @param data the rows in COPY's text format
 */
export function copyReadyRows(client: Client, table: string, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const copy: Submittable & Record<string, unknown> = {
      submit(connection: Connection) {
        connection.query(formatCopy(table));
        for (let at = 0; at < data.length; at += CHUNK) connection.sendCopyFromChunk(data.subarray(at, at + CHUNK));
        connection.endCopyFrom();
      },
      handleCopyInResponse() {},
      handleCommandComplete() {},
      handleReadyForQuery: () => resolve(),
      handleError: reject,
    };
    client.query(copy);
  });
}
