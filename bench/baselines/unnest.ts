import type { Client } from "pg";
import { MESSAGE_ID_COLUMN } from "../../lambda/pipelines/pipeline.ts";
import { quoteIdent, type Table } from "../../lambda/postgres/table.ts";
import type { Write } from "./path.ts";

/** One INSERT a batch, the columns as arrays. Nothing is asked back but the number of rows. */
export function unnest(client: Client, table: Table): Write {
  const types = table.columns.map((column, i) => `$${i + 1}::${column === table.dateColumn ? "date" : "text"}[]`);
  const sql = `INSERT INTO ${quoteIdent(table.name)} (${table.columns.map(quoteIdent).join(", ")})
     SELECT * FROM unnest(${types.join(", ")})
     ON CONFLICT (${quoteIdent(table.dateColumn)}, ${MESSAGE_ID_COLUMN}) DO NOTHING`;
  return async (rows) => {
    const cells = [...rows].map((row) => row.cells());
    const arrays = table.columns.map((_, i) => cells.map((row) => row[i] ?? null));
    return (await client.query(sql, arrays)).rowCount ?? 0;
  };
}
