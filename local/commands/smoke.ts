import { setTimeout as wait } from "node:timers/promises";
import { SMOKE_ATTRIBUTE } from "../../lambda/ingest/event.ts";
import type { Column, Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { openAccount, tryCall } from "../aws/account.ts";
import { createLogReader, type LogReader, readNewestFailure } from "../aws/log.ts";
import { findIngestStack, openStageQueue } from "../aws/stack.ts";
import * as errors from "../errors.ts";
import { parseJson } from "../files.ts";
import { findDeployedQueue } from "../run/container.ts";
import { sendMessages } from "../run/send.ts";
import type { Failure } from "../status/types.ts";
import { createSampleBody } from "../tables/sample.ts";
import { explainQueueErrors, type Queue } from "../targets/queue.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { explainError } from "../terminal/program.ts";
import { checkInterrupted, interrupted } from "../terminal/signals.ts";

interface Options {
  stage: string;
  pipeline: string;
  body?: string;
  /** Seconds. */
  timeout: number;
  yes: boolean;
}

/** Sends one marked message through a deployed queue and prints its outcome. @returns 0 if it was stored, else 1 */
export async function smokeCommand({ stage, pipeline, timeout, yes, ...options }: Options): Promise<number> {
  if (options.body) parseJson(options.body, "--body");
  const { name, pipelines } = findDeployedQueue(pipeline);
  const body = options.body ?? createSampleBody(pipelines[0] as Pipeline, MARK, isNeeded);
  using account = await openAccount();
  const stack = await findIngestStack(account, stage, name);
  await using queue = openStageQueue(account, stack);
  checkInterrupted();
  console.log(`Queue      ${queue.label} (stage ${stage}); a stored row stays in the table`);
  await confirmTargets([queue], yes);
  const read = createLogReader(account.logs, stack.logGroup);
  const log: LogReader = async (query) => {
    const result = await tryCall("logs:FilterLogEvents", (signal) => read(query, signal));
    if ("failed" in result) throw errors.unreadableLog(stack.logGroup, result.failed);
    return result.value;
  };
  // Reads the log once: if that fails, no message is sent, because its outcome would stay unknown.
  await log({ where: { messageId: "none" }, since: Date.now(), limit: 1 });
  const onSent = (id: string) => console.log(`Sent       message ${id}; waiting up to ${timeout} s for the function's log`);
  const result = await runSmoke(queue, log, body, { timeout: timeout * 1000, onSent });
  checkInterrupted();
  console.log(describeResult(result, stage));
  return result.outcome === "stored" ? 0 : 1;
}

function describeResult({ outcome, messageId, seconds, code, field, failure, logError }: SmokeResult, stage: string): string {
  const time = `${seconds.toFixed(1)} s`;
  if (outcome === "stored") return `Stored     after ${time}: the row with message_id ${messageId}`;
  if (outcome === "rejected") {
    return `Rejected   after ${time}: ${code}${field ? ` (${field})` : ""}. It goes to the dead-letter queue. Codes: docs/operate.md; another body: --body`;
  }
  const silence = logError ?? "The function's log does not name it.";
  const why = failure ? `The function failed meanwhile: ${failure.code}: ${failure.reason}` : silence;
  return `Not seen   within ${time}. ${why} Look next: masqueue status --stage ${stage}`;
}

/** Marks the row, in each text that the pipeline takes. */
const MARK = "masqueue-smoke";
/** The other columns stay NULL, so that no sum or chart counts them. */
const isNeeded = (column: Column) => column.kind === "masked" || ("required" in column && column.required === true);
/** Milliseconds by which this machine's clock may be ahead of the log's. */
const MAX_CLOCK_SKEW = 5 * 60_000;

/** The outcome of a smoke message. `unseen`: the function's log reported none in time. */
interface SmokeResult {
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

interface SmokeOptions {
  /** Milliseconds to wait at most. */
  readonly timeout: number;
  /** Milliseconds between two reads of the log. @default 2,000 */
  readonly poll?: number;
  readonly onSent?: (messageId: string) => void;
}

/** Sends one message through a queue and waits until the function's log reports its outcome. @throws UserError if it cannot be sent */
export async function runSmoke(queue: Queue, log: LogReader, body: string, options: SmokeOptions): Promise<SmokeResult> {
  const { timeout, poll = 2_000, onSent } = options;
  const start = Date.now();
  const seconds = () => (Date.now() - start) / 1000;
  const messageId = await sendSmoke(queue, body);
  onSent?.(messageId);
  // The message is sent, so a failed read, by throttling for one, does not end the wait.
  let logError: string | undefined;
  const onLogError = (error: unknown) => {
    logError = explainError(error);
    return null;
  };
  do {
    const left = timeout - seconds() * 1000;
    await wait(Math.min(poll, Math.max(0, left)), undefined, { signal: interrupted }).catch(() => {});
    logError = undefined;
    const outcome = await readOutcome(log, messageId, start - MAX_CLOCK_SKEW).catch(onLogError);
    if (outcome) return { messageId, seconds: seconds(), ...outcome };
  } while (seconds() * 1000 < timeout && !interrupted.aborted);
  const failure = logError === undefined ? await readNewestFailure(log, start).catch(onLogError) : null;
  return { messageId, outcome: "unseen", seconds: seconds(), failure, logError };
}

async function sendSmoke({ client, queueUrl, label }: Queue, body: string): Promise<string> {
  const attributes = { [SMOKE_ATTRIBUTE]: { DataType: "String", StringValue: "1" } };
  const onRefused = (_: number, code: string) => {
    throw errors.refusedMessage(label, code);
  };
  const [messageId = ""] = await explainQueueErrors(label, sendMessages(client, queueUrl, [{ body, attributes }], { onRefused }));
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
