import type { Client } from "pg";
import { IngestError } from "../errors.ts";
import { type Column, MESSAGE_ID_COLUMN, type Pipeline } from "../pipelines/pipeline.ts";
import { type Catalogue, type CatalogueColumn, readCatalogue } from "./catalogue.ts";
import { quoteIdent } from "./table.ts";

/** The take-home's Postgres; older ones lack identity columns and more. */
const OLDEST_SERVER = 10;
/** `v1.` and 64 hex digits; the SHA-256 compatibility mode needs less. */
const TOKEN_LENGTH = 67;
const TEXT_TYPES = ["text", "character varying", "character"];

/**
 * Holds the pipeline's declaration against the table, so that a mismatch is one clear error and not a row's. Wider columns and extra
 * nullable ones are fine: migrations go first, and old code still runs.
 * @throws IngestError `table_mismatch` with everything that is wrong, each with what to do
 */
export async function checkTable(client: Client, pipeline: Pipeline): Promise<void> {
  const problems = problemsOf(await readCatalogue(client, quoteIdent(pipeline.table), [pipeline.dateColumn, MESSAGE_ID_COLUMN]), pipeline);
  if (problems.length > 0)
    throw new IngestError("table_mismatch", `Table ${pipeline.table} does not fit pipeline ${pipeline.name}: ${problems.join("; ")}.`);
}

/** What is wrong, a phrase each; pure, so that every case can be tested without a server. */
export function problemsOf(catalogue: Catalogue, pipeline: Pipeline): string[] {
  const { serverVersion, serverEncoding, clientEncoding, exists, rowSecurity, hasKey, columns } = catalogue;
  if (serverVersion < OLDEST_SERVER * 10_000)
    return [`the server is Postgres ${Math.floor(serverVersion / 10_000)}, ${OLDEST_SERVER} or newer is needed`];
  if (!exists) return ["it does not exist; run `masqueue migrate --env`"];
  const problems: string[] = [];
  if (serverEncoding !== "UTF8") problems.push(`the database's encoding is ${serverEncoding}, UTF8 is needed`);
  if (clientEncoding !== "UTF8") problems.push(`the role's client_encoding is ${clientEncoding}, UTF8 is needed`);
  if (rowSecurity) problems.push("row security applies to this role, and COPY refuses it; grant the role BYPASSRLS or disable it");
  if (!hasKey)
    problems.push(
      `it has no unique key (${pipeline.dateColumn}, ${MESSAGE_ID_COLUMN}) that is valid, complete and not deferrable; run \`masqueue migrate --env\``,
    );

  const byName = new Map(columns.map((column) => [column.name, column]));
  const wanted: { name: string; types: readonly string[]; length: number }[] = pipeline.columns.map((column) => ({
    name: column.name,
    ...demandOf(column),
  }));
  wanted.push({ name: MESSAGE_ID_COLUMN, types: TEXT_TYPES, length: 128 });
  for (const { name, types, length } of wanted) {
    const problem = columnProblem(byName.get(name), types, length);
    if (problem) problems.push(`column ${name} ${problem}`);
    byName.delete(name);
  }
  for (const extra of byName.values()) {
    if (extra.needsValue) problems.push(`column ${extra.name} is NOT NULL without a default and the pipeline does not fill it`);
  }
  return problems;
}

function demandOf(column: Column): { types: readonly string[]; length: number } {
  if (column.kind === "date") return { types: ["date"], length: 0 };
  return { types: TEXT_TYPES, length: column.kind === "masked" ? TOKEN_LENGTH : column.max };
}

function columnProblem(column: CatalogueColumn | undefined, types: readonly string[], length: number): string | null {
  if (!column) return "is missing; run `masqueue migrate --env`";
  if (!types.includes(column.type)) return `is ${column.type}, not ${types[0]}; run \`masqueue migrate --env\``;
  if (column.length !== null && column.length < length) return `holds ${column.length} characters, ${length} are needed`;
  return null;
}
