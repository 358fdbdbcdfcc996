import type { SQSRecord } from "aws-lambda";
import { readEvent } from "../../lambda/ingest/read-event.ts";
import { PLAIN_PATH } from "../../lambda/ingest/unknown-fields.ts";
import { isObject } from "../../lambda/pipelines/path.ts";
import type { EnvelopeKind } from "../../lambda/pipelines/pipeline.ts";

/** A field of the samples. Its values are raw: they are looked at, and neither printed nor written. */
export interface Field {
  /** `customer.email`. */
  readonly path: string;
  /** Its values, without nulls. An object is a value, too, beside its members. */
  readonly values: readonly unknown[];
}

export interface Samples {
  /** Messages whose event could be read. */
  readonly events: number;
  readonly unreadable: number;
  readonly unwrap: EnvelopeKind | undefined;
  readonly fields: readonly Field[];
  /** The number of fields whose names may be values: they are no plain identifiers, or stand in one message of several. */
  readonly unnamed: number;
}

/** Objects within objects that are looked into. */
export const MAX_DEPTH = 4;

/** Reads the events of messages, and their fields in the order in which they appear. */
export function readSamples(records: readonly SQSRecord[]): Samples {
  const unwrap = findEnvelope(records);
  const read = records.map((record) => readEvent(record, { unwrap, keepsDigits: true }));
  const bodies = read.flatMap((event) => (event.kind === "event" ? [event.body] : []));
  const fields = new Map<string, unknown[]>();
  for (const body of bodies) collect(body, "", 1, fields);
  const least = Math.min(2, bodies.length);
  const named = [...fields].filter(([path, values]) => PLAIN_PATH.test(path) && values.length >= least);
  return {
    ...{ events: bodies.length, unreadable: records.length - bodies.length, unwrap },
    fields: named.map(([path, values]) => ({ path, values: values.filter((value) => value !== null) })),
    unnamed: fields.size - named.length,
  };
}

/** The envelope of most messages that have one. */
function findEnvelope(records: readonly SQSRecord[]): EnvelopeKind | undefined {
  const read = records.map((record) => readEvent(record, { unwrap: undefined, keepsDigits: false }));
  const wrapped = read.flatMap((event) => (event.kind === "rejected" && event.code === "wrapped" ? [event.field] : []));
  const sns = wrapped.filter((field) => field === "Message").length;
  if (wrapped.length === 0) return undefined;
  return sns * 2 >= wrapped.length ? "sns" : "eventbridge";
}

function collect(object: object, prefix: string, depth: number, fields: Map<string, unknown[]>): void {
  for (const [name, value] of Object.entries(object)) {
    // A dot in a name would lead elsewhere; brackets keep the path from being plain.
    const path = prefix + (name.includes(".") ? `[${name}]` : name);
    if (fields.get(path)?.push(value) === undefined) fields.set(path, [value]);
    if (isNested(value) && depth < MAX_DEPTH) collect(value, `${path}.`, depth + 1, fields);
  }
}

/** Whether a value is an object, as opposed to a number whose digits are kept. */
export function isNested(value: unknown): value is object {
  return isObject(value) && !JSON.isRawJSON(value);
}
