import type { Client } from "pg";
import * as errors from "../errors.ts";
import { type Column, MESSAGE_ID_COLUMN, type Pipeline } from "../pipelines/pipeline.ts";
import { quoteIdent } from "./table.ts";

/** The oldest server that works; older ones lack identity columns and more. */
const MIN_SERVER = 10;
/** `v1.` and 32 hex digits; in the SHA-256 compatibility mode 64 hex digits. */
const TOKEN_LENGTH = { hmac: 35, sha256: 64 };
const TEXT_TYPES = ["text", "character varying", "character"];

/**
 * Compares the pipeline's declaration with the table, so that a mismatch is one clear error instead of one for each row. Wider columns
 * and extra nullable ones are fine: migrations go first, and old code still runs.
 * @throws IngestError `table_mismatch` with everything that is wrong, each with what to do
 */
export async function checkTable(client: Client, pipeline: Pipeline): Promise<void> {
  const catalogue = await readCatalogue(client, quoteIdent(pipeline.table), [pipeline.dateColumn, MESSAGE_ID_COLUMN]);
  const problems = findProblems(catalogue, pipeline);
  if (problems.length > 0) throw errors.tableMismatch(pipeline.table, pipeline.name, problems);
}

/** Lists the problems, one phrase each. Pure, so that every case can be tested without a server. */
export function findProblems(catalogue: Catalogue, pipeline: Pipeline): string[] {
  const { serverVersion, serverEncoding, clientEncoding, exists, rowSecurity, hasKey, columns } = catalogue;
  if (serverVersion < MIN_SERVER * 10_000)
    return [`the server is Postgres ${Math.floor(serverVersion / 10_000)}, ${MIN_SERVER} or newer is needed`];
  if (!exists) return ["it does not exist; run `masqueue migrate --env`"];
  const problems: string[] = [];
  if (serverEncoding !== "UTF8") problems.push(`the database's encoding is ${serverEncoding}, UTF8 is needed`);
  if (clientEncoding !== "UTF8") problems.push(`the role's client_encoding is ${clientEncoding}, UTF8 is needed`);
  if (rowSecurity) problems.push("row security applies to this role, and COPY refuses it; grant the role BYPASSRLS or disable it");
  if (!hasKey)
    problems.push(
      `it has no unique key (${pipeline.dateColumn}, ${MESSAGE_ID_COLUMN}) that is valid, complete and not deferrable; run \`masqueue migrate --env\``,
    );

  const tokenLength = pipeline.masking === "hmac" ? TOKEN_LENGTH.hmac : TOKEN_LENGTH.sha256;
  const byName = new Map(columns.map((column) => [column.name, column]));
  const demands = [
    ...pipeline.columns.map((column) => toDemand(column, tokenLength)),
    { name: MESSAGE_ID_COLUMN, types: TEXT_TYPES, length: 128 },
  ];
  for (const demand of demands) {
    const problem = findColumnProblem(byName.get(demand.name), demand);
    if (problem) problems.push(`column ${demand.name} ${problem}`);
    byName.delete(demand.name);
  }
  for (const { name, needsValue } of byName.values())
    if (needsValue) problems.push(`column ${name} is NOT NULL without a default and the pipeline does not fill it`);
  return problems;
}

/** The least that a column of the table must be. */
interface Demand {
  readonly name: string;
  /** Any of these, as `format_type` names them. */
  readonly types: readonly string[];
  /** Characters; undefined if the type has no limit. */
  readonly length?: number | undefined;
  /** Digits before and after the decimal point. */
  readonly digits?: readonly [number, number] | undefined;
}

function toDemand({ name, kind, sql: { name: type, size } }: Column, tokenLength: number): Demand {
  const [first = 0, second = 0] = size ?? [];
  if (type === "numeric") return { name, types: [type], digits: [first - second, second] };
  if (type === "integer") return { name, types: ["integer", "bigint"] };
  if (type !== "character varying" && type !== "text") return { name, types: [type] };
  return { name, types: TEXT_TYPES, length: kind === "masked" ? tokenLength : first };
}

function findColumnProblem(column: CatalogueColumn | undefined, { types, length = 0, digits }: Demand): string | null {
  if (!column) return "is missing; run `masqueue migrate --env`";
  if (!types.includes(column.type)) return `is ${column.type}, not ${types[0]}; run \`masqueue migrate --env\``;
  if (column.length !== null && column.length < length) return `holds ${column.length} characters, ${length} are needed`;
  const { precision, scale } = column;
  if (!digits || typeof precision !== "number" || typeof scale !== "number") return null;
  const [before, after] = digits;
  if (precision - scale >= before && scale >= after) return null;
  return `is numeric(${precision},${scale}), ${before} digits before the point and ${after} after it are needed`;
}

/** Postgres's description of a table and of itself. */
export interface Catalogue {
  readonly serverVersion: number;
  readonly serverEncoding: string;
  readonly clientEncoding: string;
  /** Whether the table exists in the search path. */
  readonly exists: boolean;
  readonly rowSecurity: boolean;
  readonly columns: readonly CatalogueColumn[];
  /** A unique index on exactly the key's columns that `ON CONFLICT` can use. */
  readonly hasKey: boolean;
}

export interface CatalogueColumn {
  readonly name: string;
  /** The result of `format_type` without a length: `character varying`, `text`, `date`. */
  readonly type: string;
  /** The longest value in characters; null if there is no limit. */
  readonly length: number | null;
  /** Digits in all and after the point of a numeric column; null if there is no limit. */
  readonly precision?: number | null;
  readonly scale?: number | null;
  /** NOT NULL without a default. */
  readonly needsValue: boolean;
}

/**
 * Reads the catalogue with one statement that every role may run and Postgres 10 understands.
 * @param table its name, quoted
 * @param key the columns of the unique key, in any order
 */
async function readCatalogue(client: Client, table: string, key: readonly string[]): Promise<Catalogue> {
  const { rows } = await client.query<Catalogue>(
    `WITH target AS (SELECT to_regclass($1) AS id)
     SELECT current_setting('server_version_num')::int AS "serverVersion",
            current_setting('server_encoding') AS "serverEncoding",
            current_setting('client_encoding') AS "clientEncoding",
            target.id IS NOT NULL AS "exists",
            coalesce(row_security_active(target.id), false) AS "rowSecurity",
            (SELECT coalesce(json_agg(json_build_object(
                      'name', a.attname,
                      'type', format_type(a.atttypid, NULL),
                      'length', CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4 THEN a.atttypmod - 4 END,
                      'precision', CASE WHEN a.atttypid = 'numeric'::regtype AND a.atttypmod > 4 THEN (a.atttypmod - 4) >> 16 END,
                      'scale', CASE WHEN a.atttypid = 'numeric'::regtype AND a.atttypmod > 4 THEN (a.atttypmod - 4) & 2047 END,
                      'needsValue', a.attnotnull AND NOT a.atthasdef AND a.attidentity = '')), '[]')
             FROM pg_attribute a WHERE a.attrelid = target.id AND a.attnum > 0 AND NOT a.attisdropped) AS "columns",
            EXISTS (SELECT FROM pg_index i
                    WHERE i.indrelid = target.id AND i.indisunique AND i.indisvalid AND i.indimmediate
                      AND i.indpred IS NULL AND i.indexprs IS NULL
                      AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
                           WHERE a.attrelid = i.indrelid
                             AND a.attnum = ANY ((i.indkey::int2[])[0:coalesce((to_jsonb(i)->>'indnkeyatts')::int, i.indnatts) - 1]))
                          = (SELECT array_agg(name ORDER BY name) FROM unnest($2::text[]) AS name)) AS "hasKey"
     FROM target`,
    [table, key],
  );
  return rows[0] as Catalogue;
}
