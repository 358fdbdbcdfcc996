import { setTimeout as wait } from "node:timers/promises";
import { SMOKE_ATTRIBUTE } from "../../lambda/ingest/event.ts";
import { address } from "../../lambda/masking/canonical.ts";
import type { Column, Pipeline } from "../../lambda/pipelines/pipeline.ts";
import type { Queue } from "../emulators/sqs.ts";
import { sendMessages } from "../run/send.ts";
import type { Failure } from "../status/types.ts";
import { explained } from "../targets/sqs-errors.ts";
import { UserError } from "../terminal/errors.ts";
import { explainError } from "../terminal/explain.ts";
import { type LogReader, newestFailure } from "./log.ts";

/** By this the row is known, wherever the pipeline takes a text. */
const MARK = "masqueue-smoke";
/** For documentation (RFC 5737): nobody's address. */
const NOBODY = "192.0.2.1";
/** Milliseconds by which this machine's clock may be ahead of the log's. */
const CLOCKS_APART = 5 * 60_000;

/** What became of the message. `unseen`: its time was over before the function's log said a final word. */
export interface SmokeResult {
  readonly messageId: string;
  readonly outcome: "stored" | "rejected" | "unseen";
  /** From the sending until the log told. */
  readonly seconds: number;
  readonly code?: string | undefined;
  readonly field?: string | undefined;
  /** Of a whole batch, after the sending. */
  readonly failure?: Failure | null;
  /** Why the log could not be read at the end of the time. */
  readonly unread?: string | undefined;
}

export interface SmokeOptions {
  /** Milliseconds to wait at most. */
  readonly timeout: number;
  /** Milliseconds between two looks at the log. */
  readonly poll: number;
  readonly signal: AbortSignal;
  readonly onSent?: (messageId: string) => void;
}

/** A body that the pipeline stores: its required fields and its masked ones, recognisable. */
export function smokeBody(pipeline: Pipeline): string {
  const sample = (column: Column) => {
    if (column.kind === "masked") return column.form === address ? NOBODY : MARK;
    return column.kind === "text" && column.required ? MARK.slice(0, column.max) : undefined;
  };
  return JSON.stringify(Object.fromEntries(pipeline.columns.map((column) => [column.from, sample(column)])));
}

/** Sends one message through a queue and waits until the function's log says what became of it. */
export async function smoke(queue: Queue, log: LogReader, body: string, options: SmokeOptions): Promise<SmokeResult> {
  const started = Date.now();
  const start = performance.now();
  const attributes = { [SMOKE_ATTRIBUTE]: { DataType: "String", StringValue: "1" } };
  let refusal = "";
  const onRefused = (_: number, code: string) => {
    refusal = code;
  };
  const sending = sendMessages(queue.client, queue.queueUrl, [{ body, attributes }], { onRefused });
  const [messageId] = await explained(queue.label, sending);
  if (!messageId) throw new UserError(`The queue ${queue.label} does not take the message (${refusal}).`);
  options.onSent?.(messageId);
  const seconds = () => (performance.now() - start) / 1000;
  // The message is sent: a look that fails, by throttling for one, is no reason to leave it.
  let unread: string | undefined;
  const tolerant = async <T>(looking: Promise<T>): Promise<T | null> => {
    try {
      const seen = await looking;
      unread = undefined;
      return seen;
    } catch (error) {
      unread = explainError(error);
      return null;
    }
  };
  do {
    const left = options.timeout - seconds() * 1000;
    await wait(Math.min(options.poll, Math.max(0, left)), undefined, { signal: options.signal }).catch(() => {});
    const verdict = await tolerant(look(log, messageId, started - CLOCKS_APART));
    if (verdict) return { messageId, seconds: seconds(), ...verdict };
  } while (seconds() * 1000 < options.timeout && !options.signal.aborted);
  const failure = unread === undefined ? await tolerant(newestFailure(log, started)) : null;
  return { messageId, outcome: "unseen", seconds: seconds(), failure, unread };
}

async function look(log: LogReader, messageId: string, since: number): Promise<Pick<SmokeResult, "outcome" | "code" | "field"> | null> {
  const lines = (await log({ where: { messageId }, since, most: 100 })).map(({ fields }) => fields);
  const outcomes = lines.filter(({ message }) => message === "smoke").map(({ outcome }) => outcome);
  // A duplicate is a second delivery of what the first one stored. One that was not tried for lack of time comes back.
  if (outcomes.some((outcome) => outcome === "stored" || outcome === "duplicate")) return { outcome: "stored" };
  if (!outcomes.includes("rejected")) return null;
  const reason = lines.find(({ message }) => message === "message rejected");
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return { outcome: "rejected", code: text(reason?.code), field: text(reason?.field) };
}
