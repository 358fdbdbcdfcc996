import { openAccount, tryCall } from "../deployed/account.ts";
import { createLogReader, type LogReader } from "../deployed/log.ts";
import { createSmokeBody, runSmoke, type SmokeResult } from "../deployed/smoke.ts";
import { findIngestStack, openStageQueue } from "../deployed/stack.ts";
import * as errors from "../errors.ts";
import { findPipeline } from "../run/container.ts";
import { parseJson } from "../run/messages-file.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { checkInterrupted, interrupted } from "../terminal/signals.ts";

interface Options {
  stage: string;
  pipeline: string;
  body?: string;
  /** Seconds. */
  timeout: number;
  yes: boolean;
}

/** Milliseconds between two reads of the log. */
const POLL = 2_000;

/** Sends one marked message through a deployed queue and prints its outcome. @returns 0 if it was stored, else 1 */
export async function smokeCommand({ stage, pipeline, timeout, yes, ...options }: Options): Promise<number> {
  if (options.body) parseJson(options.body, "--body");
  const body = options.body ?? createSmokeBody(findPipeline(pipeline));
  using account = await openAccount();
  const stack = await findIngestStack(account, stage, pipeline);
  using queue = openStageQueue(account, stack);
  checkInterrupted();
  console.log(`Queue      ${queue.label} (stage ${stage}); a stored row stays in the table`);
  await confirmTargets([queue], yes);
  const log: LogReader = async (query) => {
    const read = createLogReader(account.logs, stack.logGroup);
    const result = await tryCall("logs:FilterLogEvents", (signal) => read(query, signal));
    if ("failed" in result) throw errors.unreadableLog(stack.logGroup, result.failed);
    return result.value;
  };
  // Reads the log once: if that fails, no message is sent, because its outcome would stay unknown.
  await log({ where: { messageId: "none" }, since: Date.now(), limit: 1 });
  const onSent = (id: string) => console.log(`Sent       message ${id}; waiting up to ${timeout} s for the function's log`);
  const result = await runSmoke(queue, log, body, { timeout: timeout * 1000, poll: POLL, signal: interrupted, onSent });
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
