import pg from "pg";
import { type CanonicalForm, maxBytes } from "../../lambda/masking/canonical.ts";
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
  return listComments(pipeline)
    .map(({ sql }) => sql)
    .join("\n");
}

export interface Comment {
  /** Undefined for the comment on the table. */
  readonly column: string | undefined;
  readonly text: string;
  readonly sql: string;
}

/** The comments on a pipeline's table and on its columns. */
export function listComments(pipeline: Pipeline): Comment[] {
  const { name, table, columns } = pipeline;
  const comment = (column: string | undefined, text: string): Comment => {
    const target = column === undefined ? `TABLE ${quote(table)}` : `COLUMN ${quote(table)}.${quote(column)}`;
    return { column, text, sql: `COMMENT ON ${target} IS ${pg.escapeLiteral(text)};` };
  };
  return [
    comment(undefined, `Rows of pipeline ${name}, one for each message.`),
    ...columns.map((column) => comment(column.name, describeColumn(pipeline, column))),
    comment(MESSAGE_ID_COLUMN, "Id of the message; with the date the unique key."),
  ];
}

/** A path in a comment: in quotes if it holds blanks, because people write `Field of view.`, too. */
const formatPath = (path: string) => (/\s/.test(path) ? `"${path}"` : path);
const PATH = '(\\S+|".+")';

/** The texts of these comments, whatever the declaration says: a comment in other words was written by people. */
export const OWN_COMMENT = new RegExp(
  `^(Rows of pipeline \\S+, one for each message|(Token|SHA-256 digest) of field .+: equal values .+|Date of field ${PATH} in UTC; if absent, .+|` +
    `Field ${PATH}|Members .+ of field ${PATH}|The same in every row|Id of the message; with .+|Id that SQS gave the message|` +
    "Time at which the message was sent|Time of the message's first delivery)\\.$",
);

/** What a column holds, in words. */
function describeColumn({ domain, keyDate, masking }: Pipeline, column: Column): string {
  const from = formatPath(column.from);
  if (column.kind === "masked") {
    // The SHA-256 mode knows no forms.
    const token = masking === "hmac" ? `Token of field ${from} as ${nameForm(column.form)}` : `SHA-256 digest of field ${from}`;
    return `${token}: equal values have equal tokens. Identifier ${column.identifier}, domain ${domain}.`;
  }
  if (column === keyDate) return `Date of field ${from} in UTC; if absent, the day on which the message was sent.`;
  if (column.kind === "constant") return "The same in every row.";
  if (column.kind === "meta") return META[column.property];
  if (column.kind === "json") return `Members ${column.pick.join(", ")} of field ${from}.`;
  return `Field ${from}.`;
}

/** The forms of masks by their tags. */
const FORMS: Readonly<Record<number, string>> = { 1: "address", 2: "text", 4: "caseless text", 5: "UUID", 6: "digits" };

/** The name of a form; that of a network has the prefixes, which stand behind the tag: `network /24, /48`. */
function nameForm(form: CanonicalForm): string {
  const readPrefix = (address: string) => {
    const bytes = Buffer.alloc(maxBytes(address));
    form.write(address, bytes, 0);
    return bytes.readUInt8(1);
  };
  return FORMS[form.tag] ?? `network /${readPrefix("192.0.2.1") - 96}, /${readPrefix("2001:db8::1")}`;
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
