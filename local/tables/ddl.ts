import pg from "pg";
import { ROLES } from "../../lambda/names.ts";
import { type Column, MESSAGE_ID_COLUMN, type Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { formatSqlType } from "../../lambda/pipelines/sql-type.ts";

const quote = pg.escapeIdentifier;

/** `CREATE TABLE` for a pipeline, with the unique key that makes each row stored once. */
export function createTable({ table, columns, dateColumn }: Pipeline): string {
  const definitions = columns.map((column) => `${defineColumn(column)}${column.name === dateColumn ? " NOT NULL" : ""}`);
  const key = [`${MESSAGE_ID_COLUMN} text COLLATE "C" NOT NULL`, `UNIQUE (${quote(dateColumn)}, ${MESSAGE_ID_COLUMN})`];
  return `CREATE TABLE ${quote(table)} (\n${[...definitions, ...key].map((line) => `  ${line}`).join(",\n")}\n);`;
}

/** A column's name and type, as in `ALTER TABLE … ADD COLUMN`. */
export function defineColumn({ name, sql }: Column): string {
  return `${quote(name)} ${formatSqlType(sql)}`;
}

/** `COMMENT ON` the table and each column: what analysts read in their tools. */
export function commentTable(pipeline: Pipeline): string {
  const { name, table, columns } = pipeline;
  const comments = columns.map((column) => commentColumn(pipeline, column));
  return [
    `COMMENT ON TABLE ${quote(table)} IS ${pg.escapeLiteral(`Rows of pipeline ${name}, one for each message.`)};`,
    ...comments,
    `COMMENT ON COLUMN ${quote(table)}.${MESSAGE_ID_COLUMN} IS 'Id of the message; with the date the unique key.';`,
  ].join("\n");
}

export function commentColumn(pipeline: Pipeline, column: Column): string {
  return `COMMENT ON COLUMN ${quote(pipeline.table)}.${quote(column.name)} IS ${pg.escapeLiteral(describeColumn(pipeline, column))};`;
}

/** What a column holds, in words. */
export function describeColumn({ domain, keyDate, masking }: Pipeline, column: Column): string {
  const { from } = column;
  if (column.kind === "masked") {
    const token = masking === "hmac" ? "Token" : "SHA-256 digest";
    return `${token} of field ${from}: equal values have equal tokens. Identifier ${column.identifier}, domain ${domain}.`;
  }
  if (column === keyDate) return `Date of field ${from} in UTC; if absent, the day on which the message was sent.`;
  if (column.kind === "constant") return "The same in every row.";
  if (column.kind === "meta") return META[column.property];
  if (column.kind === "json") return `Members ${column.pick.join(", ")} of field ${from}.`;
  return `Field ${from}.`;
}

const META = {
  messageId: "Id that SQS gave the message.",
  sent: "Time at which the message was sent.",
  receivedAt: "Time of the message's first delivery.",
} as const;

/** `GRANT` statements for the ingest role: it inserts, and reads the key. */
export function grantTable({ table, dateColumn }: Pipeline): string {
  return [
    `GRANT INSERT ON ${quote(table)} TO ${ROLES.ingest};`,
    `GRANT SELECT (${quote(dateColumn)}, ${MESSAGE_ID_COLUMN}) ON ${quote(table)} TO ${ROLES.ingest};`,
  ].join("\n");
}
