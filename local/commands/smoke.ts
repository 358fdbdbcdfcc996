import { openAccount } from "../deployed/account.ts";
import { cloudWatchLog, explainedLog } from "../deployed/log.ts";
import { type SmokeResult, smoke, smokeBody } from "../deployed/smoke.ts";
import { findIngest, queueOf } from "../deployed/stack.ts";
import { localPipeline } from "../run/container.ts";
import { parsed } from "../run/messages-file.ts";
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

const POLL = 2_000;

/** Sends one marked message through a deployed queue and tells what became of it. @returns 0 where it was stored, else 1 */
export async function smokeCommand(options: Options): Promise<number> {
  const { stage, pipeline: name, timeout } = options;
  if (options.body) parsed(options.body, "--body");
  const body = options.body ?? smokeBody(localPipeline(name));
  const account = await openAccount();
  try {
    const ingest = await findIngest(account, stage, name);
    const queue = queueOf(account, ingest);
    checkInterrupted();
    console.log(`Queue      ${queue.label} (stage ${stage}); what is stored stays in the table`);
    await confirmTargets([queue], options.yes);
    const log = explainedLog(ingest.logGroup, cloudWatchLog(account.logs, ingest.logGroup));
    // A message whose fate could not be read had better not be sent.
    await log({ where: { messageId: "none" }, since: Date.now(), most: 1 });
    const onSent = (id: string) => console.log(`Sent       message ${id}; waiting up to ${timeout} s for the function's log`);
    const result = await smoke(queue, log, body, { timeout: timeout * 1000, poll: POLL, signal: interrupted, onSent });
    checkInterrupted();
    console.log(sentence(result, stage));
    return result.outcome === "stored" ? 0 : 1;
  } finally {
    account.close();
  }
}

function sentence({ outcome, messageId, seconds, code, field, failure, unread }: SmokeResult, stage: string): string {
  const time = `${seconds.toFixed(1)} s`;
  if (outcome === "stored") return `Stored     after ${time}: the row with message_id ${messageId}`;
  if (outcome === "rejected") {
    return `Rejected   after ${time}: ${code}${field ? ` (${field})` : ""}. It goes to the dead-letter queue. Codes: docs/operate.md; another body: --body`;
  }
  const silence = unread ?? "The function's log does not name it.";
  const why = failure ? `The function failed meanwhile: ${failure.code}: ${failure.reason}` : silence;
  return `Not seen   within ${time}. ${why} Look next: masqueue status --stage ${stage}`;
}
