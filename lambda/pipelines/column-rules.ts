import { parseDate } from "../dates.ts";
import type { ColumnSpec } from "./columns.ts";
import { parsePath } from "./path.ts";

/** What an option must be: in words, and as a test. The compiler checks types; a spread or plain JavaScript can hold anything. */
interface Rule {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

const rule = (expected: string, holds: (value: unknown) => boolean): Rule => ({ expected, holds });
const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== "";
const isWhole = (value: unknown, min: number) => Number.isSafeInteger(value) && Number(value) >= min;

const BOOLEAN = rule("true or false", (value) => typeof value === "boolean");
const NUMBER = rule("a number", (value) => typeof value === "bigint" || Number.isFinite(value));
const TEXTS = rule("a list of texts that are not blank", (value) => Array.isArray(value) && value.length > 0 && value.every(isText));
const LIMIT = rule("a date, or a number of days like +1 day", (value) => typeof value === "string" && parseLimit(value) !== undefined);
const PATH = rule("a path like customer.email, without brackets", (value) => typeof value === "string" && parsePath(value) !== undefined);

const FIELD = { from: PATH, required: BOOLEAN, reveals: rule("a reason in words", isText) };
const RANGE = { min: NUMBER, max: NUMBER };
const DAYS = { notBefore: LIMIT, notAfter: LIMIT };

/** The options of each kind of column. */
const RULES: Readonly<Record<ColumnSpec["kind"], Readonly<Record<string, Rule>>>> = {
  text: {
    ...FIELD,
    max: rule("a number of characters up to 10485760", (value) => isWhole(value, 1) && Number(value) <= 10_485_760),
    numbers: BOOLEAN,
    oneOf: TEXTS,
  },
  integer: { ...FIELD, ...RANGE },
  bigint: { ...FIELD, ...RANGE },
  numeric: {
    ...{ ...FIELD, ...RANGE },
    precision: rule("a number of digits from 1 to 1000", (value) => isWhole(value, 1) && Number(value) <= 1000),
    scale: rule("a number of digits", (value) => isWhole(value, 0)),
  },
  boolean: FIELD,
  uuid: FIELD,
  date: { ...FIELD, ...DAYS, otherwise: rule('"sent"', (value) => value === "sent") },
  timestamp: { ...FIELD, ...DAYS, unix: rule('"seconds" or "milliseconds"', (value) => value === "seconds" || value === "milliseconds") },
  json: { ...FIELD, pick: TEXTS },
  constant: {
    value: rule(
      "a text without U+0000 and halves of surrogate pairs",
      (value) => typeof value === "string" && value.isWellFormed() && !value.includes("\0"),
    ),
  },
  meta: {
    property: rule('"messageId", "sent" or "receivedAt"', (value) => ["messageId", "sent", "receivedAt"].includes(String(value))),
  },
  masked: {
    ...{ from: PATH, required: BOOLEAN, numbers: BOOLEAN, absent: TEXTS },
    identifier: rule("a plain lower-case name", (value) => typeof value === "string" && /^[a-z_][a-z0-9_]*$/.test(value)),
    form: rule("a mask like ip or exact(…)", (value) => typeof value === "object" && value !== null),
  },
};

/** The options without which a column of a kind means nothing. */
const NEEDED: Readonly<Partial<Record<ColumnSpec["kind"], readonly string[]>>> = {
  text: ["max"],
  numeric: ["precision", "scale"],
  json: ["pick"],
  constant: ["value"],
  meta: ["property"],
  masked: ["from", "identifier", "form"],
};

/** Finds the mistake in a column's options, in words; undefined if there is none. */
export function findMistake(column: ColumnSpec): string | undefined {
  const { kind, ...options }: ColumnSpec = Object(column);
  const rules = RULES[kind];
  if (!Object.hasOwn(RULES, kind)) return "must be made by text(), masked() or another function of lambda/pipelines/columns.ts";
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(rules, name));
  if (unknown.length > 0) return `unknown option ${unknown.join(", ")}; known options: ${Object.keys(rules).join(", ")}`;
  const values: Readonly<Record<string, unknown>> = options;
  const missing = NEEDED[kind]?.find((name) => values[name] === undefined);
  if (missing) return `needs ${missing}`;
  for (const [name, { expected, holds }] of Object.entries(rules)) {
    const value = values[name];
    if (value !== undefined && !holds(value)) return `${name} is ${format(value)}; it must be ${expected}`;
  }
  return findConflict({ kind, ...options } as ColumnSpec);
}

/** Finds options that are valid, but not together. */
function findConflict(column: ColumnSpec): string | undefined {
  const { kind } = column;
  if (kind === "numeric" && column.scale > column.precision) return "scale is larger than precision";
  if (kind === "text")
    return column.oneOf?.some((value) => Array.from(value).length > column.max) ? "oneOf has a longer text than max" : undefined;
  if (kind === "date" && column.otherwise && column.required) return "required means nothing with otherwise";
  if (kind === "date" || kind === "timestamp") {
    const [first, last] = [column.notBefore, column.notAfter].map((text) => (text === undefined ? undefined : parseLimit(text)));
    if (first !== undefined && typeof first === typeof last && first > (last as DateLimit)) return "notBefore is after notAfter";
  }
  if ("min" in column && column.min !== undefined && column.max !== undefined && column.min > column.max) return "min is larger than max";
  return undefined;
}

function format(value: unknown): string {
  return typeof value === "bigint" ? `${value}n` : (JSON.stringify(value) ?? String(value));
}

/** A limit of dates: a day, or a number of days after the one on which the message was sent. */
export type DateLimit = string | number;

/** Parses `2015-01-01` to itself and `+1 day` to 1; undefined for anything else. */
export function parseLimit(text: string): DateLimit | undefined {
  const days = /^([+-]\d{1,5}) days?$/.exec(text)?.[1];
  if (days !== undefined) return Number(days);
  return /^\d{4}-\d\d-\d\d$/.test(text) && parseDate(text) !== null ? text : undefined;
}
