import { setImmediate as turn } from "node:timers/promises";
import pg from "pg";
import type { Deadline } from "../deadline.ts";
import type { MaskedRow } from "../rows/masked-row.ts";
import type { LazyRows } from "./lazy-rows.ts";
import { quoteIdent, type Table } from "./table.ts";

declare module "pg" {
  /** Members of pg for COPY that its types omit. */
  interface Connection {
    sendCopyFromChunk(chunk: Buffer): void;
    endCopyFrom(): void;
    sendCopyFail(reason: string): void;
  }
}

/** Rows per write to the socket: enough to fill packets, few enough that the server works while later rows are masked. */
const CHUNK_ROWS = 100;

/**
 * Writes the rows with one `COPY`, which commits or fails as a whole. It sends the command, the rows and CopyDone without waiting for
 * an answer in between: at a distance of 2 ms those waits cost more than a hundred rows. Rows are masked while earlier ones are on
 * their way. If the deadline passes or masking throws before CopyDone, it sends CopyFail instead.
 * @returns the number of rows that Postgres reports as stored
 * @throws pg.DatabaseError if Postgres refused a row (`where` holds the line); after a broken connection the outcome is unknown
 */
export function copyRows(client: pg.Client, table: Table, rows: LazyRows, deadline: Deadline): Promise<number> {
  const sql = `COPY ${quoteIdent(table.name)} (${table.columns.map(quoteIdent).join(", ")}) FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')`;
  return new Promise((resolve, reject) => {
    let fault: unknown;
    let isOver = false;

    /** Sends one chunk per turn of the event loop, so that it leaves, and a refusal arrives, before the next one is masked. */
    const send = async (connection: pg.Connection) => {
      try {
        for (let start = 0; !isOver; start += CHUNK_ROWS) {
          const end = start + CHUNK_ROWS;
          const text = encodeRows(rows.slice(start, end));
          if (deadline.passed) throw new Error("out of time");
          if (rows.endsBefore(end)) return sendLast(connection, text);
          connection.sendCopyFromChunk(text);
          await turn();
        }
      } catch (error) {
        fault = error;
        connection.sendCopyFail("given up");
      }
    };

    const query = new pg.Query(sql, (error, result) => {
      isOver = true;
      // The connection was lost, or Postgres refused the COPY, perhaps because of our own CopyFail: then its cause counts.
      if (error) reject(fault ?? error);
      else resolve(result.rowCount ?? 0);
    });
    // Only a `pg.Query` may be pipelined behind another. https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
    const handlers = {
      submit(connection: pg.Connection) {
        connection.query(sql);
        void send(connection);
      },
      handleCopyInResponse() {},
    };
    client.query(Object.assign(query, handlers));
  });
}

/** Sends rows and CopyDone in one write, so that the server reads them together. */
function sendLast(connection: pg.Connection, chunk: Buffer): void {
  connection.stream.cork();
  connection.sendCopyFromChunk(chunk);
  connection.endCopyFrom();
  connection.stream.uncork();
}

function encodeRows(rows: readonly MaskedRow[]): Buffer {
  let text = "";
  for (const row of rows) text += encodeRow(row.cells());
  return Buffer.from(text, "utf8");
}

const SPECIAL = /[\\\t\n\r]/;
const EACH_SPECIAL = new RegExp(SPECIAL, "g");
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** One line of COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2 */
export function encodeRow(cells: readonly (string | null)[]): string {
  let line = "";
  let separator = "";
  for (const cell of cells) {
    line += separator + (cell === null ? "\\N" : escapeCell(cell));
    separator = "\t";
  }
  return `${line}\n`;
}

function escapeCell(cell: string): string {
  return SPECIAL.test(cell) ? cell.replace(EACH_SPECIAL, (character) => ESCAPES[character] as string) : cell;
}
