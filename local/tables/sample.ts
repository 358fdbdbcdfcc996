import { DAY } from "../../lambda/dates.ts";
import { ENVELOPES } from "../../lambda/ingest/read-event.ts";
import { readValue } from "../../lambda/ingest/read-value.ts";
import { type CanonicalForm, maxBytes } from "../../lambda/masking/canonical.ts";
import type { Path } from "../../lambda/pipelines/path.ts";
import type { Column, EnvelopeKind, Pipeline } from "../../lambda/pipelines/pipeline.ts";

/** A value for each form of a mask, and no person's: an address for documentation (RFC 5737), a UUID, a number for fiction. */
const MASKABLE = ["192.0.2.1", "00000000-0000-4000-8000-000000000001", "5550100"];

/**
 * Creates a body that the pipeline stores: made-up values, those of `when`, and the envelope.
 * @param mark stands in each text, cut to what its column takes
 * @param isWanted chooses the columns whose fields the body has. @default all
 */
export function createSampleBody(pipeline: Pipeline, mark: string, isWanted: (column: Column) => boolean = () => true): string {
  const { columns, when, unwrap } = pipeline;
  const now = Date.now();
  const event: Members = {};
  // Shallow paths first: a field may be in an object of which another column picks members.
  const fields = [...Map.groupBy(columns.filter(isWanted), ({ from }) => from).values()].toSorted((a, b) => depth(a) - depth(b));
  for (const readers of fields) {
    const fits = (value: unknown) => readers.every((column) => takes(column, value, now));
    const value = readers.flatMap((column) => suggestValues(column, mark, now)).find(fits);
    if (value !== undefined) setField(event, readers[0]?.path ?? [], value);
  }
  for (const { path, values } of when) setField(event, path, values[0]);
  return JSON.stringify(unwrap ? wrap(event, unwrap, mark, now) : event);
}

type Members = Record<string, unknown>;

const depth = ([column]: readonly Column[]) => column?.path.length ?? 0;

function setField(event: Members, [name = "", ...below]: Path, value: unknown): void {
  if (below.length === 0) {
    event[name] = value;
    return;
  }
  event[name] = Object(event[name]);
  setField(event[name] as Members, below, value);
}

/** Values of which a column takes at least one, the best first; none for a column that reads no field. */
function suggestValues(column: Column, mark: string, now: number): unknown[] {
  switch (column.kind) {
    case "text":
      return [...(column.oneOf ?? []), mark.slice(0, column.max)];
    case "masked":
    case "uuid":
      return [mark, ...MASKABLE];
    case "integer":
    case "bigint":
    case "numeric":
      return [1, 0, column.min, column.max].map((number) => (typeof number === "bigint" ? String(number) : number));
    case "boolean":
      return [true];
    case "date":
    case "timestamp": {
      const times = [now, column.first, column.last].map((limit, i) => (i > 0 && typeof limit === "number" ? now + limit * DAY : limit));
      return times.map((time) => time && formatTime(new Date(time), "unix" in column ? column.unix : undefined));
    }
    case "json":
      return [Object.fromEntries(column.pick.map((name) => [name, mark]))];
    default:
      return [];
  }
}

function formatTime(time: Date, unix: "seconds" | "milliseconds" | undefined): string | number {
  if (unix === undefined) return time.toISOString();
  return unix === "seconds" ? Math.floor(time.getTime() / 1000) : time.getTime();
}

function takes(column: Column, value: unknown, sent: number): boolean {
  if (value === undefined) return false;
  const read = readValue(value, column, sent);
  return typeof read === "string" && (column.kind !== "masked" || hasForm(read, column.form));
}

/** Whether a value has the form; another value is masked as text. */
function hasForm(value: string, form: CanonicalForm): boolean {
  const bytes = Buffer.alloc(maxBytes(value));
  form.write(value, bytes, 0);
  return bytes[0] === form.tag;
}

function wrap(event: Members, unwrap: EnvelopeKind, mark: string, now: number): Members {
  const { fields, inner, time } = ENVELOPES[unwrap];
  const others = Object.fromEntries(fields.map((name) => [name, mark]));
  return { ...others, [time]: new Date(now).toISOString(), [inner]: unwrap === "sns" ? JSON.stringify(event) : event };
}
