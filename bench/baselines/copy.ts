import type { Client, Connection, Submittable } from "pg";
import { quoteIdent, type Table } from "../../lambda/postgres/table.ts";

/** Enough to fill packets, few enough that the server begins while the rest is on its way. */
const CHUNK = 64 * 1024;

export function copyCommand(table: Table): string {
  return `COPY ${quoteIdent(table.name)} (${table.columns.map(quoteIdent).join(", ")}) FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')`;
}

/**
 * Postgres's own limit: one COPY of rows that are ready, sent without waiting for an answer in between.
 * @param data the rows in COPY's text format
 * @param beforeDone what CopyDone waits for. @default nothing
 */
export function bareCopy(client: Client, table: Table, data: Buffer, beforeDone?: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => client.query(new ReadyCopy(copyCommand(table), data, resolve, reject, beforeDone)));
}

class ReadyCopy implements Submittable {
  readonly #sql: string;
  readonly #data: Buffer;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #beforeDone: (() => Promise<void>) | undefined;

  constructor(sql: string, data: Buffer, resolve: () => void, reject: (error: unknown) => void, beforeDone?: () => Promise<void>) {
    this.#sql = sql;
    this.#data = data;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#beforeDone = beforeDone;
  }

  submit(connection: Connection): void {
    connection.query(this.#sql);
    for (let at = 0; at < this.#data.length; at += CHUNK) connection.sendCopyFromChunk(this.#data.subarray(at, at + CHUNK));
    if (this.#beforeDone) this.#beforeDone().then(() => connection.endCopyFrom(), this.#reject);
    else connection.endCopyFrom();
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
