import { parseTimestamp } from "../../lambda/dates.ts";
import { MESSAGE_ID_COLUMN } from "../../lambda/pipelines/pipeline.ts";
import { type Field, isNested, MAX_DEPTH, type Samples } from "./fields.ts";
import { guessNumber, guessText, type PlainGuess } from "./guess-kind.ts";
import { findPersonal, isSecret, type PersonalKind, toSnakeCase } from "./personal.ts";

/** A column of the table that is proposed. */
export interface ProposedColumn extends Omit<PlainGuess, "kind" | "sample"> {
  readonly name: string;
  readonly from: string;
  readonly kind: PlainGuess["kind"] | "masked";
  /** An invented value; undefined for a field that no message has. */
  readonly sample: PlainGuess["sample"] | undefined;
  /** What a masked column holds. */
  readonly personal?: PersonalKind;
}

export interface Proposal {
  readonly columns: readonly ProposedColumn[];
  /** Fields for which no column is proposed, each with the reason. */
  readonly leftOut: readonly { readonly from: string; readonly why: string }[];
}

/** Messages from which on a field that all of them have is required. */
export const ENOUGH = 50;
/** The most characters of a name in Postgres. */
const LONGEST_NAME = 63;
/** Columns that every table of Postgres has. */
const SYSTEM_COLUMNS = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];
/** Values that stand for no one, as senders write them. */
const NO_ONE = ["unknown", "Unknown", "n/a", "N/A", "none", "None", "null", "undefined", "-", "0.0.0.0", "::"].concat(
  "00000000-0000-0000-0000-000000000000",
);

/** Proposes a table for the fields of samples. Where it cannot tell, it leaves a field out rather than show it. */
export function proposeTable({ fields, events }: Pick<Samples, "fields" | "events">): Proposal {
  const columns: ProposedColumn[] = [];
  const leftOut: { from: string; why: string }[] = [];
  const names = new Set([MESSAGE_ID_COLUMN, ...SYSTEM_COLUMNS]);
  for (const field of fields) {
    const isLookedInto = field.values.length > 0 && field.values.every(isNested) && field.path.split(".").length < MAX_DEPTH;
    if (isLookedInto) continue;
    const guess = guessColumn(field);
    const required = events >= ENOUGH && field.values.length === events && { required: true };
    const name = typeof guess === "string" ? "" : claimName(`${guess.personal ? "masked_" : ""}${toColumnName(field.path)}`, names);
    if (typeof guess === "string") leftOut.push({ from: field.path, why: guess });
    else if (name.length > LONGEST_NAME) leftOut.push({ from: field.path, why: `a name of more than ${LONGEST_NAME} characters` });
    else columns.push({ ...guess, name, from: field.path, options: { ...guess.options, ...required } });
  }
  return { columns: [...addKeyDate(columns, names)], leftOut };
}

type Guess = Omit<ProposedColumn, "name" | "from">;

/** @returns the column without its name, or why none is proposed */
function guessColumn({ path, values }: Field): Guess | string {
  if (path.split(".").includes("__proto__")) return "a name that JavaScript keeps for itself";
  if (values.length === 0) return "without a value";
  if (values.some(Array.isArray)) return "lists";
  if (values.some(isNested)) return values.every(isNested) ? `objects below ${MAX_DEPTH} levels` : "objects in some messages only";
  const texts = values.filter((value) => typeof value === "string");
  if (isSecret(path, texts)) return "secrets, by their name or values";
  const booleans = values.filter((value) => typeof value === "boolean").length;
  if (booleans === values.length) return { kind: "boolean", options: {}, sample: true, why: "true or false" };
  if (booleans > 0) return "values of several types";
  const isNumber = texts.length === 0;
  const personal = guessPersonal(path, values, isNumber);
  if (personal) return personal;
  if (isNumber) return guessNumber(path, values);
  return texts.length < values.length ? "values of several types" : guessText(path, texts);
}

function guessPersonal(path: string, values: readonly unknown[], isNumber: boolean): Guess | string | undefined {
  const texts = values.map((value) => (JSON.isRawJSON(value) ? value.rawJSON : String(value)).trim());
  const absent = NO_ONE.filter((value) => texts.includes(value));
  const known = texts.filter((text) => text !== "" && !absent.includes(text));
  const finding = findPersonal(path, known, isNumber);
  // A date beside `email` says when something happened to it.
  const isTime = known.length > 0 && known.every((text) => parseTimestamp(text) !== null);
  if (!finding || (isTime && finding.kind.identifier !== "birth_date")) return undefined;
  const { kind, by } = finding;
  if (by === "some values") return `some values look like ${kind.title}`;
  const numbers = values.some((value) => typeof value !== "string") && { numbers: true };
  return {
    ...{ kind: "masked", personal: kind, options: { ...numbers, ...(absent.length > 0 && { absent }) } },
    sample: isNumber ? 2025550143 : kind.sample,
    why: by === "name" ? `named like ${kind.title}` : `values are ${kind.title}`,
  };
}

/** A name that needs no quotes: `_1` has no letter to begin with. */
function toColumnName(path: string): string {
  const name = toSnakeCase(path);
  return /^[a-z]/.test(name) ? name : `field_${name}`;
}

/** @returns the name, numbered if another column has it */
function claimName(wanted: string, names: Set<string>): string {
  const free = [wanted, ...Array.from({ length: names.size }, (_, i) => `${wanted}_${i + 2}`)].find((name) => !names.has(name)) ?? wanted;
  names.add(free);
  return free;
}

/** Names of the time at which an event happened, as opposed to one that it is about. */
const EVENT_TIME =
  /^((event|order|message)_)?((created|occurred|happened|ordered|placed|sent|event|issued|recorded|logged|booked|paid|registered)(_?(at|on|time|date|ts|timestamp))?|at|on|time|timestamp|ts|date)$/;

/** Adds the date that is half of the table's key: the day of the event, else the day on which the message was sent. */
function addKeyDate(columns: readonly ProposedColumn[], names: Set<string>): ProposedColumn[] {
  const why = "half of the key; if absent, the day of sending";
  const isEventTime = ({ kind, options, from }: ProposedColumn) =>
    (kind === "date" || (kind === "timestamp" && !options.unix)) && !from.includes(".") && EVENT_TIME.test(toSnakeCase(from));
  const time = columns.find(isEventTime);
  const options = { otherwise: "sent" };
  const column = { kind: "date", options, sample: "2026-03-01", why } as const;
  if (!time) return [...columns, { ...column, name: claimName("sent_on", names), from: "sent_on", sample: undefined }];
  if (time.kind === "date") return columns.map((other) => (other === time ? { ...time, options, why } : other));
  const stem = toSnakeCase(time.from).replace(/_?(at|on|time|timestamp|ts|date)$/, "") || "event";
  return [...columns, { ...column, name: claimName(`${stem}_on`, names), from: time.from, sample: time.sample }];
}
