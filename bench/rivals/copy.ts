import type { Client, Connection, Submittable } from "pg";
import { quoted, type Table } from "../../lambda/postgres/names.ts";

/** Enough to fill packets, few enough that the server begins while the rest is on its way. */
const CHUNK = 64 * 1024;

export function copyCommand(table: Table): string {
  return `COPY ${quoted(table.name)} (${table.columns.map(quoted).join(", ")}) FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')`;
}

/**
 * Postgres's own limit: one COPY of rows that are ready, sent without waiting for an answer in between.
 * @param data the rows in COPY's text format
 */
export function bareCopy(client: Client, table: Table, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => client.query(new ReadyCopy(copyCommand(table), data, resolve, reject)));
}

class ReadyCopy implements Submittable {
  readonly #sql: string;
  readonly #data: Buffer;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;

  constructor(sql: string, data: Buffer, resolve: () => void, reject: (error: unknown) => void) {
    this.#sql = sql;
    this.#data = data;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): void {
    connection.query(this.#sql);
    for (let at = 0; at < this.#data.length; at += CHUNK) connection.sendCopyFromChunk(this.#data.subarray(at, at + CHUNK));
    connection.endCopyFrom();
  }

  handleCopyInResponse(): void {}

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#resolve();
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }
}
