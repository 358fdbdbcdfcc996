import type { Client, Connection, DatabaseError, Submittable } from "pg";
import type { Deadline } from "../deadline.ts";
import type { MaskedRow } from "../ingest/mask.ts";
import { quoted, type Table } from "./names.ts";

declare module "pg" {
  /** What pg has for COPY and its types leave out. */
  interface Connection {
    sendCopyFromChunk(chunk: Buffer): void;
    endCopyFrom(): void;
    sendCopyFail(reason: string): void;
  }
}

/** Rows that go to the socket in one piece: enough to fill packets, few enough that the server starts while we still mask. */
const ROWS_A_CHUNK = 250;

/**
 * Writes the rows with one `COPY`, which commits or fails as a whole. The command, the rows and CopyDone are sent without waiting for
 * an answer in between: at a distance of 2 ms those waits cost more than a hundred rows. Rows are taken from the iterable while
 * earlier ones are on their way. Should the deadline pass or the iterable throw before CopyDone, CopyFail is sent instead.
 * @returns the number of rows that Postgres says it stored
 * @throws pg.DatabaseError as Postgres refused it (`where` holds the line); after a broken connection the outcome is unknown
 */
export function copyRows(client: Client, table: Table, rows: Iterable<MaskedRow>, deadline: Deadline): Promise<number> {
  const sql = `COPY ${quoted(table.name)} (${table.columns.map(quoted).join(", ")}) FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')`;
  return new Promise((resolve, reject) => client.query(new CopyIn(sql, encoded(rows), deadline, resolve, reject)));
}

/** https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY */
class CopyIn implements Submittable {
  #stored = 0;
  #fault: unknown;
  readonly #sql: string;
  readonly #chunks: Iterable<Buffer>;
  readonly #deadline: Deadline;
  readonly #resolve: (stored: number) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    sql: string,
    chunks: Iterable<Buffer>,
    deadline: Deadline,
    resolve: (stored: number) => void,
    reject: (error: unknown) => void,
  ) {
    this.#sql = sql;
    this.#chunks = chunks;
    this.#deadline = deadline;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): void {
    connection.query(this.#sql);
    try {
      for (const chunk of this.#chunks) {
        connection.sendCopyFromChunk(chunk);
        if (this.#deadline.passed) throw new Error("out of time");
      }
      connection.endCopyFrom();
    } catch (error) {
      this.#fault = error;
      connection.sendCopyFail("given up");
    }
  }

  handleCopyInResponse(): void {}

  handleCommandComplete({ text }: { text: string }): void {
    this.#stored = Number(/^COPY (\d+)$/.exec(text)?.[1]);
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#stored);
  }

  /** Postgres's refusal, or the loss of the connection; a refusal that our own CopyFail brought about gives way to its reason. */
  handleError(error: DatabaseError | Error): void {
    this.#reject(this.#fault ?? error);
  }
}

function* encoded(rows: Iterable<MaskedRow>): Generator<Buffer> {
  let text = "";
  let pending = 0;
  for (const row of rows) {
    text += encodeRow(row.cells());
    if (++pending === ROWS_A_CHUNK) {
      yield Buffer.from(text, "utf8");
      text = "";
      pending = 0;
    }
  }
  if (pending > 0) yield Buffer.from(text, "utf8");
}

const SPECIAL = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** One line of COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2 */
export function encodeRow(cells: readonly (string | null)[]): string {
  const fields = cells.map((cell) => (cell === null ? "\\N" : cell.replace(SPECIAL, (character) => ESCAPES[character] as string)));
  return `${fields.join("\t")}\n`;
}
