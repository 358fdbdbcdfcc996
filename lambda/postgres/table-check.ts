import type { Client } from "pg";
import * as errors from "../errors.ts";
import { type Column, MESSAGE_ID_COLUMN, type Pipeline } from "../pipelines/pipeline.ts";
import { type Catalogue, type CatalogueColumn, readCatalogue } from "./catalogue.ts";

/** The oldest server that works; older ones lack identity columns and more. */
const MIN_SERVER = 10;
/** `v1.` and 32 hex digits; in the SHA-256 compatibility mode 64 hex digits. */
const TOKEN_LENGTH = { hmac: 35, sha256: 64 };
const TEXT_TYPES = ["text", "character varying", "character"];
const ID_TYPES = ["text", "character varying"];
const MIGRATE = "; run `masqueue migrate --env`";

/**
 * Compares the pipeline's declaration with the table, so that a mismatch is one clear error instead of one for each row. Wider columns
 * and extra nullable ones are fine: migrations go first, and old code still runs.
 * @throws IngestError `table_mismatch` with everything that is wrong, each with what to do
 */
export async function checkTable(client: Client, pipeline: Pipeline): Promise<void> {
  const problems = findProblems(await readCatalogue(client, pipeline), pipeline);
  const sentences = problems.map(({ kind, text }) => (MENDED_BY_MIGRATIONS.includes(kind) ? text + MIGRATE : text));
  if (problems.length > 0) throw errors.tableMismatch(pipeline.table, pipeline.name, sentences);
}

/** The kinds of problems; `server` is one of the database or of the role. */
type ProblemKind = "server" | "no-table" | "no-key" | "no-column" | "type" | "padded" | "narrow" | "generated" | "unfilled";

const MENDED_BY_MIGRATIONS: readonly ProblemKind[] = ["no-table", "no-key", "no-column", "type"];

/** A mismatch between a pipeline and its table. */
export interface Problem {
  readonly kind: ProblemKind;
  /** The column that is concerned, if it is one. */
  readonly column?: string;
  /** A phrase that tells what is wrong. */
  readonly text: string;
}

/** Lists the problems. Pure, so that every case can be tested without a server. */
export function findProblems(catalogue: Catalogue, pipeline: Pipeline): Problem[] {
  const { serverVersion, serverEncoding, clientEncoding, exists, rowSecurity, hasKey, columns } = catalogue;
  const problems: Problem[] = [];
  const add = (kind: ProblemKind, text: string) => problems.push({ kind, text });
  if (serverVersion < MIN_SERVER * 10_000)
    return [{ kind: "server", text: `the server is Postgres ${Math.floor(serverVersion / 10_000)}, ${MIN_SERVER} or newer is needed` }];
  if (!exists) return [{ kind: "no-table", text: "it does not exist" }];
  if (serverEncoding !== "UTF8") add("server", `the database's encoding is ${serverEncoding}, UTF8 is needed`);
  if (clientEncoding !== "UTF8") add("server", `the role's client_encoding is ${clientEncoding}, UTF8 is needed`);
  if (rowSecurity) add("server", "row security applies to this role, and COPY refuses it; grant the role BYPASSRLS or disable it");
  if (!hasKey)
    add("no-key", `it has no unique key (${pipeline.dateColumn}, ${MESSAGE_ID_COLUMN}) that is valid, complete and not deferrable`);

  const byName = new Map(columns.map((column) => [column.name, column]));
  const tokenLength = pipeline.masking === "hmac" ? TOKEN_LENGTH.hmac : TOKEN_LENGTH.sha256;
  const demands = [
    ...pipeline.columns.map((column) => toDemand(column, tokenLength)),
    { name: MESSAGE_ID_COLUMN, types: ID_TYPES, length: 128 },
  ];
  for (const demand of demands) {
    problems.push(...findColumnProblem(byName.get(demand.name), demand));
    byName.delete(demand.name);
  }
  for (const { name, needsValue } of byName.values())
    if (needsValue)
      problems.push({
        kind: "unfilled",
        column: name,
        text: `column ${name} is NOT NULL without a default and the pipeline does not fill it`,
      });
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

function toDemand(column: Column, tokenLength: number): Demand {
  const { name, kind } = column;
  const { name: type, size: [first = 0, second = 0] = [] } = column.sql;
  if (type === "numeric") return { name, types: [type], digits: [first - second, second] };
  if (type === "integer") return { name, types: ["integer", "bigint"] };
  if (type !== "character varying" && type !== "text") return { name, types: [type] };
  return { name, types: TEXT_TYPES, length: kind === "masked" ? tokenLength : kind === "constant" ? column.value.length : first };
}

function findColumnProblem(column: CatalogueColumn | undefined, { name, types, length = 0, digits }: Demand): Problem[] {
  const problem = (kind: ProblemKind, text: string): Problem[] => [{ kind, column: name, text: `column ${name} ${text}` }];
  if (!column) return problem("no-column", "is missing");
  if (column.isGenerated) return problem("generated", "is generated by Postgres, but the pipeline fills it; make it a plain column");
  if (types === ID_TYPES && column.type === "character") return problem("padded", "is character, which pads ids with blanks; make it text");
  if (!types.includes(column.type)) return problem("type", `is ${column.type}, not ${types[0]}`);
  if (column.length !== null && column.length < length) return problem("narrow", `holds ${column.length} characters, ${length} are needed`);
  const { precision, scale } = column;
  if (!digits || precision === null || scale === null) return [];
  const [before, after] = digits;
  if (precision - scale >= before && scale >= after) return [];
  return problem("narrow", `is numeric(${precision},${scale}), ${before} digits before the point and ${after} after it are needed`);
}
