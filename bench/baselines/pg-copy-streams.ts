import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client } from "pg";
import { from } from "pg-copy-streams";
import type { MaskedRow } from "../../lambda/ingest/mask.ts";
import { encodeRow } from "../../lambda/postgres/copy.ts";
import type { Table } from "../../lambda/postgres/table.ts";
import { copyCommand } from "./copy.ts";
import type { Write } from "./path.ts";

const ROWS_A_CHUNK = 250;

/** The library for COPY: it waits for the server before it sends rows. */
export function copyStreams(client: Client, table: Table): Write {
  return async (rows) => {
    const copy = client.query(from(copyCommand(table)));
    await pipeline(Readable.from(chunks(rows), { objectMode: false }), copy);
    return copy.rowCount;
  };
}

function* chunks(rows: Iterable<MaskedRow>): Generator<Buffer> {
  let text = "";
  let pending = 0;
  for (const row of rows) {
    text += encodeRow(row.cells());
    if (++pending % ROWS_A_CHUNK === 0) {
      yield Buffer.from(text, "utf8");
      text = "";
    }
  }
  if (text) yield Buffer.from(text, "utf8");
}
