import { isIP } from "node:net";
import { parseDate, parseTimestamp } from "../../lambda/dates.ts";
import { readValue } from "../../lambda/ingest/read-value.ts";
import type { ColumnSpec } from "../../lambda/pipelines/columns.ts";
import { type Column, date, definePipeline, numeric } from "../../lambda/pipelines/pipeline.ts";
import { toWords } from "./personal.ts";

/** A column that stores a field as it is. */
export interface PlainGuess {
  readonly kind: Exclude<ColumnSpec["kind"], "masked">;
  readonly options: Readonly<Record<string, unknown>>;
  /** An invented value. */
  readonly sample: string | number | boolean;
  readonly why: string;
}

const LONGEST_TEXT = 64;
const AMOUNTS = /(^|_)(amount|price|total|subtotal|cost|fee|tax|vat|discount|balance|sum|net|gross|rate|weight)(_|$)/;
const TIMES = /(^|_)(at|on|time|timestamp|ts|date|created|updated|since|until)$/;
const PERSON_IDS = /(^|_)(user|customer|client|account|member|patient|employee|subscriber|player|profile)(_?(id|number|no|nr))?$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Guesses the kind of a field of texts. @returns the column, or why none is proposed */
export function guessText(path: string, texts: readonly string[]): PlainGuess | string {
  const all = (holds: (text: string) => boolean) => texts.every(holds);
  if (all((text) => UUID.test(text)))
    return { kind: "uuid", options: {}, sample: "6f1ed002-ab59-4e4c-8f0f-6c3b5a4d2e10", why: explainId(path) ?? "UUIDs" };
  if (all((text) => /^.{10}$/.test(text) && parseDate(text) !== null))
    return { kind: "date", options: {}, sample: "2026-03-01", why: "dates" };
  if (all((text) => parseTimestamp(text) !== null))
    return { kind: "timestamp", options: {}, sample: "2026-03-01T12:00:00Z", why: "ISO 8601 timestamps" };
  if (all((text) => /^(true|false)$/i.test(text))) return { kind: "boolean", options: {}, sample: "true", why: "true or false, as texts" };
  if (AMOUNTS.test(toWords(path)) && all((text) => /^-?\d+(\.\d+)?$/.test(text))) {
    const guess = guessNumber(path, texts);
    return typeof guess === "string" ? guess : { ...guess, sample: String(guess.sample), why: `${guess.why}, as texts` };
  }
  return guessWords(path, texts);
}

/** A text is taken only if it can hardly be what a person wrote, or who a person is. */
function guessWords(path: string, texts: readonly string[]): PlainGuess | string {
  const some = (pattern: RegExp) => texts.some((text) => pattern.test(text));
  const distinct = new Set(texts).size;
  const isVocabulary = distinct <= 20 && texts.length >= 5 * distinct && some(/^(?!\p{Lu}\p{Ll}+$)/u);
  const longest = Math.max(...texts.map((text) => Array.from(text).length));
  if (longest > LONGEST_TEXT) return `texts of more than ${LONGEST_TEXT} characters`;
  if (some(/@/)) return "texts with an @";
  if (texts.some(holdsAddress)) return "texts with an IP address";
  if (some(/:\/\//)) return "links, which can hold personal values";
  if (some(/\S\s+\S/)) return "free text";
  if (!isVocabulary && some(/^\D{4,}$/)) return "words that may be names of persons";
  const max = 2 ** Math.ceil(Math.log2(Math.max(16, 2 * longest)));
  const why = explainId(path) ?? (isVocabulary ? `different texts: ${distinct}` : "codes");
  return { kind: "text", options: { max }, sample: "example-1", why };
}

/** Whether an IP address is a part of a text, as in `192.0.2.1:443` and `[2001:db8::1]:443`. */
function holdsAddress(text: string): boolean {
  return text.split(/[\s,;|/=()[\]]+/).some((part) => isIP(part.replace(/(\.\d+):\d+$/, "$1")) !== 0);
}

/** Reads any number that a column can hold. */
const [WIDEST] = definePipeline({
  name: "widest",
  table: "widest",
  columns: { number: numeric({ precision: 1000, scale: 500 }), day: date({ otherwise: "sent" }) },
}).columns as readonly [Column, Column];

/**
 * Guesses the kind of a field of numbers.
 * @param numbers of JSON, or texts of digits
 * @returns the column, or why none is proposed
 */
export function guessNumber(path: string, numbers: readonly unknown[]): PlainGuess | string {
  const texts = numbers.map((number) => readValue(number, WIDEST, 0)).filter((read) => typeof read === "string");
  if (texts.length < numbers.length) return "numbers that no column holds";
  const parts = texts.map((text) => text.replace("-", "").split("."));
  const whole = Math.max(...parts.map(([digits = ""]) => digits.length));
  const scale = Math.max(...parts.map(([, digits = ""]) => digits.length));
  const unix = TIMES.test(toWords(path)) ? findUnit(texts.map(Number)) : undefined;
  if (unix)
    return {
      ...{ kind: "timestamp", options: { unix: unix.name }, sample: (Date.UTC(2026, 2, 1, 12) / 1000) * unix.perSecond },
      why: `${unix.name} since 1970`,
    };
  if (scale > 0 || AMOUNTS.test(toWords(path))) {
    const room = scale <= 2 ? 2 : scale + 2;
    return { kind: "numeric", options: { precision: Math.max(10, whole + 3) + room, scale: room }, sample: 12.5, why: "decimal numbers" };
  }
  const why = explainId(path) ?? "whole numbers";
  if (whole <= 8) return { kind: "integer", options: {}, sample: 7, why };
  const isInt8 = texts.every((text) => BigInt.asIntN(64, BigInt(text)) === BigInt(text));
  if (isInt8) return { kind: "bigint", options: {}, sample: 7, why };
  return { kind: "numeric", options: { precision: Math.max(38, whole + 3), scale: 0 }, sample: 7, why };
}

/** The unit of times since 1970, from 2001 to 2286. */
function findUnit(times: readonly number[]) {
  const units = [
    { name: "seconds", perSecond: 1 },
    { name: "milliseconds", perSecond: 1000 },
  ];
  return units.find(({ perSecond }) => times.every((time) => time >= 1e9 * perSecond && time < 1e10 * perSecond));
}

/** An id is no name, but a person may be known by it. */
function explainId(path: string): string | undefined {
  return PERSON_IDS.test(toWords(path)) ? "ids of persons, readable as in user_logins" : undefined;
}
