import { address, text as textForm } from "../masking/canonical.ts";
import type { MaskSpec } from "../masking/tokens.ts";

interface TextColumn {
  readonly kind: "text";
  /** Longest value in characters (code points, as Postgres counts them). */
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
}

export type ColumnSpec = TextColumn | MaskedColumn | DateColumn;
export type Column = ColumnSpec & { readonly name: string; readonly from: string };

/** How personal fields are masked: under a secret key, or reversibly as the take-home did. */
type Masking = "hmac" | { readonly sha256: true; readonly acceptReversible?: boolean };

export interface PipelineDeclaration {
  /** Names the pipeline in `rejections`, logs and metrics. */
  name: string;
  table: string;
  /** @default "message-id": a row is stored once for each SQS message; "event-id": once for each `event-id` attribute */
  once?: "message-id" | "event-id";
  /** Purposes that must stay unjoinable get domains of their own. @default "main" */
  domain?: string;
  /** @default "hmac" */
  masking?: Masking;
  columns: Record<string, ColumnSpec>;
}

/** A declaration, checked and in the form that the stages read. */
export interface Pipeline extends Required<Omit<PipelineDeclaration, "columns">> {
  readonly columns: readonly Column[];
  /** The fields of a body that are looked at; all others are counted as unknown. */
  readonly knownFields: ReadonlySet<string>;
  /** The date column; together with `message_id` it is the table's key. */
  readonly dateColumn: string;
}

/** Added by every pipeline to its own columns: the second half of the key. */
export const MESSAGE_ID_COLUMN = "message_id";

/** A string of at most `max` characters; `numbers: true` also takes a JSON number, as its text. */
export function text(options: { max: number; required?: boolean; numbers?: boolean }): ColumnSpec {
  return { kind: "text", required: false, numbers: false, ...options };
}

/** A personal field: the token of `from` is stored, never the value. */
export function masked(options: { from: string; as: MaskSpec }): ColumnSpec {
  return { kind: "masked", from: options.from, ...options.as };
}

/** A date out of the body (`YYYY-MM-DD` or an ISO timestamp, in UTC), otherwise of the time the message was sent. */
export function date(_options: { otherwise: "sent" }): ColumnSpec {
  return { kind: "date" };
}

/** Masked as an IP address: equal however it is spelled. */
export const ip: MaskSpec = { identifier: "ip", form: address };

/** Masked as text, equal only when the same character for character. */
export function exact(identifier: string): MaskSpec {
  return { identifier, form: textForm };
}

const NAME = /^[a-z_][a-z0-9_]*$/;

/** Checks a declaration; a mistake in it is a mistake in code and throws at once. */
export function definePipeline(declaration: PipelineDeclaration): Pipeline {
  const { name, table, once = "message-id", domain = "main", masking = "hmac" } = declaration;
  const columns = Object.entries(declaration.columns).map(([column, spec]): Column => ({ from: column, ...spec, name: column }));
  const dates = columns.filter((column) => column.kind === "date");
  const fail = (what: string): never => {
    throw new TypeError(`pipeline ${name}: ${what}`);
  };
  if (!/^[a-z][a-z0-9-]*$/.test(name)) fail("name must be lower-case words joined by hyphens");
  for (const word of [table, domain, ...columns.map((column) => column.name)]) {
    if (!NAME.test(word)) fail(`${word} must be a plain lower-case name`);
  }
  for (const column of columns) {
    if (column.name === MESSAGE_ID_COLUMN) fail(`${MESSAGE_ID_COLUMN} is added by itself`);
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
