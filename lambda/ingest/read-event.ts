import type { SQSRecord } from "aws-lambda";
import { parseTimestamp } from "../dates.ts";
import { isObject } from "../pipelines/path.ts";
import type { EnvelopeKind } from "../pipelines/pipeline.ts";
import { type Rejection, reject } from "../rows/outcome.ts";

/** The event in a message's body. Its values are raw, so it stays within the stages. */
export interface Event {
  readonly kind: "event";
  readonly body: object;
  /** The time at which it was sent, if its envelope states one: an ISO 8601 timestamp in UTC. */
  readonly sent: string | undefined;
}

/** The fields that identify each envelope, the field that holds the event, and the one that holds the time of sending. */
export const ENVELOPES = {
  sns: { fields: ["Type", "TopicArn", "Message"], inner: "Message", time: "Timestamp" },
  eventbridge: { fields: ["detail-type", "source", "detail"], inner: "detail", time: "time" },
} as const satisfies Record<EnvelopeKind, object>;

interface Options {
  /** A body without this envelope is taken as the event itself: SNS can deliver both. */
  readonly unwrap: EnvelopeKind | undefined;
  readonly keepsDigits: boolean;
}

/** Reads the JSON of a record and takes the event out of its envelope. Pure, and never throws because of a record's content. */
export function readEvent({ body: text }: SQSRecord, { unwrap, keepsDigits }: Options): Event | Rejection {
  let body = parseJson(text, keepsDigits);
  let sent: string | undefined;
  if (unwrap && isObject(body) && isEnvelope(body, unwrap)) {
    const { inner, time } = ENVELOPES[unwrap];
    sent = typeof body[time] === "string" ? (parseTimestamp(body[time]) ?? undefined) : undefined;
    const event = body[inner];
    if (unwrap === "sns") body = typeof event === "string" ? parseJson(event, keepsDigits) : undefined;
    else body = event;
  }
  if (body === undefined) return reject("not_json");
  if (!isObject(body)) return reject("not_an_object");
  for (const kind of ["sns", "eventbridge"] as const) if (isEnvelope(body, kind)) return reject("wrapped", ENVELOPES[kind].inner);
  return { kind: "event", body, sent };
}

function isEnvelope(body: object, kind: EnvelopeKind): boolean {
  return ENVELOPES[kind].fields.every((field) => Object.hasOwn(body, field));
}

/** The value of a JSON text; undefined if it is none. */
function parseJson(text: string, keepsDigits: boolean): unknown {
  try {
    return keepsDigits ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Doubles keep every number of up to 15 digits. */
const EXACT_LENGTH = 15;

/** Keeps the text of a number that a double would change: too many digits, too large, or so small that it becomes 0. */
function keepDigits(_name: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== "number" || source === undefined) return value;
  const isExact = source.length <= EXACT_LENGTH && Number.isFinite(value) && (value !== 0 || !/^[-0.]*[1-9]/.test(source));
  return isExact ? value : JSON.rawJSON(source);
}
