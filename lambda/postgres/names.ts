import { MESSAGE_ID_COLUMN, type Pipeline } from "../pipelines/pipeline.ts";

/** A table as the statements name it. Names are checked where a pipeline is defined, so they need no quoting. */
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

/** The columns of the unique key, in its order (docs/decisions.md says why the date leads). */
export function keyOf(table: Table): string {
  return `${table.dateColumn}, ${MESSAGE_ID_COLUMN}`;
}
