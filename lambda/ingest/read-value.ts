import { DAY, formatDay, formatTimestamp, parseDate, parseTimestamp } from "../dates.ts";
import type { DateLimit } from "../pipelines/column-rules.ts";
import { isObject } from "../pipelines/path.ts";
import type { Column } from "../pipelines/pipeline.ts";
import type { RejectionCode } from "../rows/outcome.ts";

/** A value as the text that Postgres reads, or the reason why its column cannot take it. */
type Read = string | Fault;

interface Fault {
  readonly code: RejectionCode;
}

type Reader<K extends Column["kind"]> = (value: unknown, column: Extract<Column, { kind: K }>, sent: number) => Read;

/** One reader for each kind of column. docs/pipelines.md shows what each takes; a test compares the two. */
const READERS: { readonly [K in Exclude<Column["kind"], "constant" | "meta">]: Reader<K> } = {
  text: (value, { max, numbers, oneOf }) => {
    const text = readText(value, numbers);
    if (typeof text !== "string") return text;
    if (isLonger(text, max)) return { code: "too_long" };
    return oneOf && !oneOf.includes(text) ? { code: "not_allowed" } : text;
  },
  masked: (value, { numbers }) => readText(value, numbers),
  integer: (value, column) => readWhole(value, column, INT4),
  bigint: (value, column) => readWhole(value, column, INT8),
  numeric: (value, { precision, scale, min, max }) => {
    const decimal = parseDecimal(toNumberText(value) ?? value);
    if (!decimal) return { code: "wrong_type" };
    const text = formatDecimal(decimal);
    const fits = decimal.whole.length <= precision - scale && decimal.fraction.length <= scale;
    const isBelow = fits && min !== undefined && compare(decimal, toDecimal(min)) < 0n;
    const isAbove = fits && max !== undefined && compare(decimal, toDecimal(max)) > 0n;
    return fits && !isBelow && !isAbove ? text : { code: "out_of_range" };
  },
  boolean: (value) => {
    const text = typeof value === "string" ? value.toLowerCase() : value;
    return [true, false, "true", "false"].includes(text as boolean) ? String(text) : { code: "wrong_type" };
  },
  date: (value, column, sent) => (typeof value === "string" ? limit(parseDate(value), column, sent) : { code: "wrong_type" }),
  timestamp: (value, column, sent) => {
    if (column.unix) {
      const decimal = parseDecimal(toNumberText(value) ?? value);
      if (!decimal) return { code: "wrong_type" };
      const millis = Number(formatDecimal(decimal)) * (column.unix === "seconds" ? 1000 : 1);
      return limit(formatTimestamp(millis), column, sent);
    }
    return typeof value === "string" ? limit(parseTimestamp(value), column, sent) : { code: "wrong_type" };
  },
  uuid: (value) => {
    const digits = typeof value === "string" && UUID.test(value) ? value.replace(/^urn:uuid:/i, "").replaceAll(/[{}-]/g, "") : "";
    return digits ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-").toLowerCase() : { code: "wrong_type" };
  },
  json: (value, { pick }) => {
    if (!isObject(value)) return { code: "wrong_type" };
    // Without a prototype, so that a member may be called `__proto__`.
    const picked: Record<string, unknown> = Object.create(null);
    for (const name of pick) {
      if (!Object.hasOwn(value, name)) continue;
      const member = value[name];
      for (const item of Array.isArray(member) ? member : [member]) {
        const fault = findScalarFault(item);
        if (fault) return { code: fault };
      }
      picked[name] = member;
    }
    return JSON.stringify(picked);
  },
};

/**
 * Reads the value of a field for its column. Pure.
 * @param value neither null nor undefined
 * @param sent milliseconds since 1970: limits like `+1 day` count from its day
 */
export function readValue(value: unknown, column: Column, sent: number): Read {
  const read = READERS[column.kind as keyof typeof READERS] as Reader<Column["kind"]>;
  return read(value, column, sent);
}

function readText(value: unknown, numbers = false): Read {
  const decimal = numbers ? parseDecimal(toNumberText(value)) : undefined;
  const text = decimal ? formatDecimal(decimal) : value;
  const fault = findTextFault(text);
  return fault ? { code: fault } : (text as string);
}

function findTextFault(value: unknown): RejectionCode | undefined {
  if (typeof value !== "string") return "wrong_type";
  if (value.includes("\0")) return "nul_character";
  return value.isWellFormed() ? undefined : "lone_surrogate";
}

/** Counts in code points, as Postgres does. A string never has more code points than UTF-16 units. */
function isLonger(text: string, max: number): boolean {
  return text.length > max && Array.from(text).length > max;
}

/** Postgres's numbers, which a `jsonb` holds, end at this many digits after the point. */
const JSONB_DIGITS = 16_383;

function findScalarFault(value: unknown): RejectionCode | undefined {
  if (value === null || typeof value === "boolean") return undefined;
  if (typeof value === "string") return findTextFault(value);
  const number = toNumberText(value);
  if (number === undefined) return "wrong_type";
  const decimal = parseDecimal(number);
  return decimal && decimal.whole.length + decimal.fraction.length <= JSONB_DIGITS ? undefined : "out_of_range";
}

/** The digits of a JSON number; undefined for any other value. */
function toNumberText(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : undefined;
  return JSON.isRawJSON(value) ? value.rawJSON : undefined;
}

const INT4 = 2n ** 31n;
const INT8 = 2n ** 63n;

/** @param size one more than the largest value of the type */
function readWhole(value: unknown, { min, max }: { min?: number | bigint; max?: number | bigint }, size: bigint): Read {
  const decimal = parseDecimal(toNumberText(value) ?? value);
  if (decimal?.fraction !== "") return { code: "wrong_type" };
  if (decimal.whole.length > String(size).length) return { code: "out_of_range" };
  const number = BigInt(`${decimal.sign}${decimal.whole || "0"}`);
  const fits = number < size && number >= -size && isWithin(number, min, max);
  return fits ? String(number) : { code: "out_of_range" };
}

function isWithin<T extends number | bigint>(value: T, min: number | bigint | undefined, max: number | bigint | undefined): boolean {
  return (min === undefined || value >= min) && (max === undefined || value <= max);
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/;

/** A decimal number without an exponent and without zeros that change nothing. */
interface Decimal {
  readonly sign: "" | "-";
  readonly whole: string;
  readonly fraction: string;
}

function parseDecimal(text: unknown): Decimal | undefined {
  const match = typeof text === "string" ? DECIMAL.exec(text) : null;
  if (!match) return undefined;
  const [, sign, before = "", after = "", exponent = "0"] = match;
  const shift = Number(exponent);
  const digits = before + after;
  const point = before.length + shift;
  const whole = (point > 0 ? digits.slice(0, point).padEnd(point, "0") : "").replace(/^0+/, "");
  const fraction = trimZeros(point >= 0 ? digits.slice(point) : "0".repeat(-point) + digits);
  return { sign: sign === "-" && whole + fraction !== "" ? "-" : "", whole, fraction };
}

/** Cuts zeros from the end. An expression like /0+$/ takes quadratic time for zeros that do not stand there. */
function trimZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  return digits.slice(0, end);
}

/** Compares as whole numbers of their last digit, because doubles lose digits. @returns negative, zero or positive */
function compare(a: Decimal, b: Decimal): bigint {
  const digits = Math.max(a.fraction.length, b.fraction.length);
  const [left, right] = [a, b].map(({ sign, whole, fraction }) => BigInt(`${sign}${whole}${fraction.padEnd(digits, "0")}` || 0));
  return (left as bigint) - (right as bigint);
}

/** A limit of a declaration is a JavaScript number. */
function toDecimal(limit: number): Decimal {
  return parseDecimal(String(limit)) as Decimal;
}

function formatDecimal({ sign, whole, fraction }: Decimal): string {
  return `${sign}${whole || "0"}${fraction && `.${fraction}`}`;
}

/** As Postgres takes it (a hyphen after any four digits, braces), or as a URN. */
const UUID = /^(?:urn:uuid:)?([0-9a-f]{4}-?){7}[0-9a-f]{4}$|^\{([0-9a-f]{4}-?){7}[0-9a-f]{4}\}$/i;

/** @param text a date or timestamp in UTC, which begins with its day; null if it is impossible */
function limit(text: string | null, { first, last }: { first?: DateLimit | undefined; last?: DateLimit | undefined }, sent: number): Read {
  const day = text?.slice(0, 10);
  if (text === null || day === undefined) return { code: "bad_date" };
  const [earliest, latest] = [resolveDay(first, sent), resolveDay(last, sent)];
  return (earliest && day < earliest) || (latest && day > latest) ? { code: "bad_date" } : text;
}

/** The day of a limit; undefined if there is none, or the time of sending is unknown. */
function resolveDay(limit: DateLimit | undefined, sent: number): string | undefined {
  return typeof limit === "number" ? (formatDay(sent + limit * DAY) ?? undefined) : limit;
}
