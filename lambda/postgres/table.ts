import { MESSAGE_ID_COLUMN, type Pipeline } from "../pipelines/pipeline.ts";

/** A table as the statements name it. Plain lower-case names; in a statement they are {@link quoted}. */
export interface Table {
  readonly name: string;
  /** The pipeline's columns in its order, then `message_id`: the order of a row's cells. */
  readonly columns: readonly string[];
  readonly dateColumn: string;
}

export function tableOf(pipeline: Pipeline): Table {
  return {
    name: pipeline.table,
    columns: [...pipeline.columns.map((column) => column.name), MESSAGE_ID_COLUMN],
    dateColumn: pipeline.dateColumn,
  };
}

/** A name as a statement takes it: a plain one may still be a word of SQL's own (`user`). */
export function quoted(name: string): string {
  return `"${name}"`;
}

/** The columns of the unique key, in its order (docs/decisions.md says why the date leads). */
export function keyOf(table: Table): string {
  return `${table.dateColumn}, ${MESSAGE_ID_COLUMN}`;
}
