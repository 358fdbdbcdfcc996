import type { MaskSpec } from "../masking/tokens.ts";

export { exact, ip } from "./masks.ts";

interface TextColumn {
  readonly kind: "text";
  /** Maximum length in characters (code points, as Postgres counts them). */
  readonly max: number;
  readonly required: boolean;
  readonly numbers: boolean;
}

interface MaskedColumn extends MaskSpec {
  readonly kind: "masked";
  /** The field of the body that is masked into this column. */
  readonly from: string;
}

interface DateColumn {
  readonly kind: "date";
  /** The date of a message whose body has none: the day on which it was sent. */
  readonly otherwise: "sent";
}

export type ColumnSpec = TextColumn | MaskedColumn | DateColumn;
export type Column = ColumnSpec & { readonly name: string; readonly from: string };

/** The masking of personal fields: under a secret key, or reversibly, to match the rows of a legacy table. */
type PipelineMasking = "hmac" | { readonly sha256: true; readonly acceptReversible?: boolean };

export interface PipelineDeclaration {
  /** The pipeline's name in `rejections`, logs and metrics. */
  name: string;
  table: string;
  /** @default "message-id": a row is stored once for each SQS message; "event-id": once for each `event-id` attribute */
  once?: "message-id" | "event-id";
  /** Purposes that must stay unjoinable get different domains. @default "main" */
  domain?: string;
  /** @default "hmac" */
  masking?: PipelineMasking;
  columns: Record<string, ColumnSpec>;
}

/** A declaration, checked and in the form that the stages read. */
export interface Pipeline extends Required<Omit<PipelineDeclaration, "columns">> {
  readonly columns: readonly Column[];
  /** The fields of a body that have a column; all others are counted as unknown. */
  readonly knownFields: ReadonlySet<string>;
  /** The date column; together with `message_id` it is the table's key. */
  readonly dateColumn: string;
}

/** Every pipeline adds this column to those of its declaration: the second half of the key. */
export const MESSAGE_ID_COLUMN = "message_id";

/** A string of at most `max` characters; `numbers: true` also takes a JSON number, as its text. */
export function text(options: { max: number; required?: boolean; numbers?: boolean }): ColumnSpec {
  refuseUnknown("text()", options, ["max", "required", "numbers"]);
  return { kind: "text", required: false, numbers: false, ...options };
}

/** A personal field: the token of `from` is stored, never the value. */
export function masked(options: { from: string; as: MaskSpec }): ColumnSpec {
  refuseUnknown("masked()", options, ["from", "as"]);
  refuseUnknown("masked(), as", options.as, ["identifier", "form"]);
  return { kind: "masked", from: options.from, ...options.as };
}

/** A date out of the body (`YYYY-MM-DD` or an ISO timestamp, in UTC), otherwise the day on which the message was sent. */
export function date(options: { otherwise: "sent" }): ColumnSpec {
  refuseUnknown("date()", options, ["otherwise"]);
  const { otherwise } = options;
  if (otherwise !== "sent") throw new TypeError(`date(): otherwise is ${JSON.stringify(otherwise)}; allowed is "sent"`);
  return { kind: "date", otherwise };
}

/** The compiler refuses an unknown option only in an object literal. From a spread, or in plain JavaScript, it would be ignored. */
function refuseUnknown(owner: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new TypeError(`${owner}: unknown option ${unknown.join(", ")}; known options: ${known.join(", ")}`);
}

const NAME = /^[a-z_][a-z0-9_]*$/;

/** Checks a declaration. @throws TypeError for a mistake in it, because that is a mistake in code */
export function definePipeline(declaration: PipelineDeclaration): Pipeline {
  const { name, table, once = "message-id", domain = "main", masking = "hmac" } = declaration;
  const fail = (what: string): never => {
    throw new TypeError(`pipeline ${name}: ${what}`);
  };
  refuseUnknown(`pipeline ${name}`, declaration, ["name", "table", "once", "domain", "masking", "columns"]);
  if (once !== "message-id" && once !== "event-id") fail(`once is ${JSON.stringify(once)}; allowed: "message-id", "event-id"`);
  if (masking !== "hmac") {
    if (Object(masking).sha256 !== true) fail('masking must be "hmac" or { sha256: true }');
    refuseUnknown(`pipeline ${name}, masking`, masking, ["sha256", "acceptReversible"]);
  }
  const columns = Object.entries(declaration.columns).map(([column, spec]): Column => ({ from: column, ...spec, name: column }));
  const dates = columns.filter((column) => column.kind === "date");
  if (!/^[a-z][a-z0-9-]*$/.test(name)) fail("name must be lower-case words joined by hyphens");
  for (const word of [table, domain, ...columns.map((column) => column.name)]) {
    if (!NAME.test(word)) fail(`${word} must be a plain lower-case name`);
  }
  for (const column of columns) {
    if (column.name === MESSAGE_ID_COLUMN) fail(`${MESSAGE_ID_COLUMN} is added automatically; leave it out`);
    if (column.kind === "masked" && !NAME.test(column.identifier)) fail(`${column.identifier} must be a plain lower-case name`);
  }
  const [only, ...more] = dates;
  if (!only || more.length > 0) return fail("exactly one date column is needed; it is half of the key");
  const knownFields = new Set(columns.map((column) => column.from));
  return { name, table, once, domain, masking, columns, knownFields, dateColumn: only.name };
}

/** The identifiers that the pipeline masks, each once. */
export function listIdentifiers(pipeline: Pipeline): string[] {
  return [...new Set(pipeline.columns.flatMap((column) => (column.kind === "masked" ? [column.identifier] : [])))];
}
