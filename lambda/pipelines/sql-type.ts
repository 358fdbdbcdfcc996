import type { ColumnSpec } from "./columns.ts";

/** A type of Postgres: its name as `format_type` returns it, and its size: characters, or precision and scale. */
export interface SqlType {
  readonly name:
    | "character varying"
    | "integer"
    | "bigint"
    | "numeric"
    | "boolean"
    | "date"
    | "timestamp with time zone"
    | "uuid"
    | "jsonb"
    | "text";
  readonly size?: readonly number[];
}

/** Room for a digest of the SHA-256 mode; a token is shorter. */
const MASKED_LENGTH = 64;

/** The type of a column in a table that is made for its pipeline. */
export function toSqlType(column: ColumnSpec): SqlType {
  switch (column.kind) {
    case "text":
      return { name: "character varying", size: [column.max] };
    case "masked":
      return { name: "character varying", size: [MASKED_LENGTH] };
    case "numeric":
      return { name: "numeric", size: [column.precision, column.scale] };
    case "timestamp":
      return { name: "timestamp with time zone" };
    case "json":
      return { name: "jsonb" };
    case "constant":
      return { name: "text" };
    case "meta":
      return { name: column.property === "messageId" ? "text" : "timestamp with time zone" };
    default:
      return { name: column.kind };
  }
}

const SHORT_NAMES: Readonly<Record<string, string>> = { "character varying": "varchar", "timestamp with time zone": "timestamptz" };

/** The type as people write it in a statement: `varchar(128)`, `numeric(12,2)`, `timestamptz`. */
export function formatSqlType({ name, size = [] }: SqlType): string {
  return (SHORT_NAMES[name] ?? name) + (size.length > 0 ? `(${size.join(",")})` : "");
}
