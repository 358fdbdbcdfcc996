import { MESSAGE_ID_COLUMN, type Pipeline } from "../pipelines/pipeline.ts";

/** A table as the statements name it: plain lower-case names, which {@link quoteIdent} quotes. */
export interface Table {
  readonly name: string;
  /** The pipeline's columns in its order, then `message_id`: the order of a row's cells. */
  readonly columns: readonly string[];
  /** The type as which a statement passes each column's cells: `text` for every kind of text, because the table's may be wider. */
  readonly types: readonly string[];
  readonly dateColumn: string;
}

export function describeTable(pipeline: Pipeline): Table {
  return {
    name: pipeline.table,
    columns: [...pipeline.columns.map((column) => column.name), MESSAGE_ID_COLUMN],
    types: [...pipeline.columns.map(({ sql }) => (sql.name === "character varying" ? "text" : sql.name)), "text"],
    dateColumn: pipeline.dateColumn,
  };
}

/** Quotes a name for a statement: a plain name may be a keyword of SQL (`user`). */
export function quoteIdent(name: string): string {
  return `"${name}"`;
}

/** The columns of the unique key, in its order (docs/decisions.md gives the reason why the date leads). */
export function formatKey(table: Table): string {
  return `${table.dateColumn}, ${MESSAGE_ID_COLUMN}`;
}
