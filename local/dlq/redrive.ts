import { setTimeout as wait } from "node:timers/promises";
import { addOrigin, type Outgoing } from "../run/messages-file.ts";
import { sendMessages } from "../run/send.ts";
import { formatCount } from "../status/format.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { createOutput } from "../terminal/progress.ts";
import { interrupted } from "../terminal/signals.ts";
import { type Choice, createChoice } from "./choice.ts";
import { type DeadLetter, type DeadLetterGroup, receiveDeadLetters } from "./dead-letters.ts";
import { judge, OTHER_REASONS, type Reason } from "./reason.ts";
import { type DlqOptions, openDeadLetters, toRecord, withReasons } from "./targets.ts";

interface RedriveOptions extends DlqOptions, Choice {
  limit?: number;
  rate?: number;
  dryRun: boolean;
  check: boolean;
  yes: boolean;
}

/**
 * Sends dead letters back to their queue with their first ids and times, and deletes each when the queue has taken it.
 * @returns the exit code
 */
export async function redriveDeadLetters(options: RedriveOptions): Promise<number> {
  const isChosen = createChoice(options);
  const { limit = Number.POSITIVE_INFINITY, rate = Number.POSITIVE_INFINITY, dryRun, check } = options;
  await using targets = await openDeadLetters(options);
  const { source, deadLetters, declared, state } = targets;
  console.error(`${deadLetters.label} → ${source.label}`);
  if (!dryRun) await confirmTargets([deadLetters], options.yes);
  const output = createOutput(process.stderr);
  /** First ids of what was chosen: a message that has already come back is left for the next time. */
  const done = new Set<string>();
  let [refused, left] = [0, 0];
  const began = Date.now();

  const redrive = async ({ messages, remove }: DeadLetterGroup, reasons: readonly Reason[]) => {
    const chosen = messages
      .filter((message, i) => isChosen(message, reasons[i] as Reason))
      .filter((message) => !check || judge(toRecord(message, targets), declared) === OTHER_REASONS.storable)
      .map((message) => ({
        message,
        attributes: addOrigin({ ...message.MessageAttributes }, message.MessageId, message.Attributes?.SentTimestamp),
      }))
      .filter(({ message, attributes }) => !done.has(readFirstId(message, attributes)))
      .slice(0, limit - done.size);
    left += messages.length - chosen.length;
    for (const { message, attributes } of chosen) done.add(readFirstId(message, attributes));
    if (dryRun) return;
    const taken: DeadLetter[] = [];
    const onSent = (position: number) => {
      taken.push(chosen[position - 1]?.message as DeadLetter);
      output.sent();
    };
    const outgoing = chosen.map(({ message: { Body = "" }, attributes }) => ({ body: Body, attributes }));
    // Also after an error: what the queue has taken must not be sent twice.
    await sendMessages(source.client, source.queueUrl, outgoing, { onSent, onRefused: () => refused++ }).finally(() => remove(taken));
  };

  output.begin(state.depth);
  await withReasons(targets, async (read) => {
    for await (const group of receiveDeadLetters(deadLetters, Number.POSITIVE_INFINITY, interrupted)) {
      await redrive(group, await read(group.messages));
      if (done.size >= limit) break;
      await wait(Math.max(0, began + (done.size / rate) * 1000 - Date.now()), undefined, { signal: interrupted }).catch(() => {});
    }
  }).finally(() => output.end());
  console.log(`${formatCount(done.size - refused, "message")} ${dryRun ? "would be redriven" : "redriven"}, ${left + refused} left.`);
  if (refused > 0) console.error(`The queue refused ${formatCount(refused, "message")}; they stay.`);
  return interrupted.aborted ? 130 : refused > 0 ? 1 : 0;
}

function readFirstId({ MessageId }: DeadLetter, attributes: Outgoing["attributes"]): string {
  return attributes?.["masqueue-id"]?.StringValue ?? MessageId;
}
