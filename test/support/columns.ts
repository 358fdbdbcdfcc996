import type { ColumnSpec } from "../../lambda/pipelines/columns.ts";
import * as declarations from "../../lambda/pipelines/pipeline.ts";
import { date, definePipeline, type Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { readTable } from "./markdown.ts";

/** A pipeline with a column `x` and the date of its key. */
export function declareOne(x: ColumnSpec, name = "one"): Pipeline {
  return definePipeline({ name, table: name, columns: { x, created_on: date({ otherwise: "sent" }) } });
}

/** A line of the table in docs/pipelines.md that says what a column accepts. */
export interface Line {
  /** The declaration of the column, like `text({ max: 5 })`. */
  readonly column: string;
  /** The field's value, as JSON. */
  readonly sent: string;
  /** The stored text, or the code of the rejection; null for NULL, and `a token` for any. */
  readonly result: string | null;
}

export function readLines(): Line[] {
  let column = "";
  return readTable("docs/pipelines.md", "column | sent | stored, or the code |").map(([declared = "", sent = "", result = ""]) => {
    column = declared.replaceAll("`", "") || column;
    return { column, sent: sent.replaceAll("`", ""), result: result === "NULL" ? null : result.replaceAll("`", "") };
  });
}

/** Evaluates the declaration of a column, as it stands in the documentation. */
export function evaluateColumn(source: string): ColumnSpec {
  return new Function(...Object.keys(declarations), `return ${source}`)(...Object.values(declarations));
}
