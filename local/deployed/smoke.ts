import { setTimeout as wait } from "node:timers/promises";
import { SMOKE_ATTRIBUTE } from "../../lambda/ingest/report.ts";
import { address } from "../../lambda/masking/canonical.ts";
import type { Column, Pipeline } from "../../lambda/pipelines/pipeline.ts";
import * as errors from "../errors.ts";
import { sendMessages } from "../run/send.ts";
import type { Failure } from "../status/types.ts";
import { explainQueueErrors, type Queue } from "../targets/queue.ts";
import { explainError } from "../terminal/errors.ts";
import { type LogReader, readNewestFailure } from "./log.ts";

/** Marks the row, in each text that the pipeline takes. */
const MARK = "masqueue-smoke";
/** An address for documentation (RFC 5737), which belongs to no device. */
const MARK_ADDRESS = "192.0.2.1";
/** Milliseconds by which this machine's clock may be ahead of the log's. */
const MAX_CLOCK_SKEW = 5 * 60_000;

/** The outcome of a smoke message. `unseen`: the function's log reported none in time. */
export interface SmokeResult {
  readonly messageId: string;
  readonly outcome: "stored" | "rejected" | "unseen";
  /** From the sending until the log reported the outcome. */
  readonly seconds: number;
  readonly code?: string | undefined;
  readonly field?: string | undefined;
  /** Of a whole batch, after the sending. */
  readonly failure?: Failure | null;
  /** Why the log could not be read at the end. */
  readonly logError?: string | undefined;
}

export interface SmokeOptions {
  /** Milliseconds to wait at most. */
  readonly timeout: number;
  /** Milliseconds between two reads of the log. */
  readonly poll: number;
  readonly signal: AbortSignal;
  readonly onSent?: (messageId: string) => void;
}

/** Creates a recognisable body that the pipeline stores: its required fields and its masked ones. */
export function createSmokeBody(pipeline: Pipeline): string {
  const sample = (column: Column) => {
    if (column.kind === "masked") return column.form === address ? MARK_ADDRESS : MARK;
    return column.kind === "text" && column.required ? MARK.slice(0, column.max) : undefined;
  };
  return JSON.stringify(Object.fromEntries(pipeline.columns.map((column) => [column.from, sample(column)])));
}

/** Sends one message through a queue and waits until the function's log reports its outcome. @throws UserError if it cannot be sent */
export async function runSmoke(queue: Queue, log: LogReader, body: string, options: SmokeOptions): Promise<SmokeResult> {
  const started = Date.now();
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const messageId = await sendSmoke(queue, body);
  options.onSent?.(messageId);
  // The message is sent, so a failed read, by throttling for one, does not end the wait.
  let logError: string | undefined;
  const tryRead = async <T>(read: Promise<T>): Promise<T | null> => {
    try {
      const value = await read;
      logError = undefined;
      return value;
    } catch (error) {
      logError = explainError(error);
      return null;
    }
  };
  do {
    const left = options.timeout - seconds() * 1000;
    await wait(Math.min(options.poll, Math.max(0, left)), undefined, { signal: options.signal }).catch(() => {});
    const outcome = await tryRead(readOutcome(log, messageId, started - MAX_CLOCK_SKEW));
    if (outcome) return { messageId, seconds: seconds(), ...outcome };
  } while (seconds() * 1000 < options.timeout && !options.signal.aborted);
  const failure = logError === undefined ? await tryRead(readNewestFailure(log, started)) : null;
  return { messageId, outcome: "unseen", seconds: seconds(), failure, logError };
}

async function sendSmoke({ client, queueUrl, label }: Queue, body: string): Promise<string> {
  const attributes = { [SMOKE_ATTRIBUTE]: { DataType: "String", StringValue: "1" } };
  let refusal = "";
  const onRefused = (_: number, code: string) => {
    refusal = code;
  };
  const [messageId] = await explainQueueErrors(label, sendMessages(client, queueUrl, [{ body, attributes }], { onRefused }));
  if (!messageId) throw errors.refusedMessage(label, refusal);
  return messageId;
}

type Outcome = Pick<SmokeResult, "outcome" | "code" | "field">;

async function readOutcome(log: LogReader, messageId: string, since: number): Promise<Outcome | null> {
  const lines = (await log({ where: { messageId }, since, limit: 100 })).map(({ fields }) => fields);
  const outcomes = lines.filter(({ message }) => message === "smoke").map(({ outcome }) => outcome);
  // A duplicate is a second delivery of the stored message. One without time for it comes back.
  if (outcomes.some((outcome) => outcome === "stored" || outcome === "duplicate")) return { outcome: "stored" };
  if (!outcomes.includes("rejected")) return null;
  const reason = lines.find(({ message }) => message === "message rejected");
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return { outcome: "rejected", code: text(reason?.code), field: text(reason?.field) };
}
