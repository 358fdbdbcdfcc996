import { formatCount, formatDuration } from "../status/format.ts";
import { interrupted } from "../terminal/signals.ts";
import { formatTable } from "../terminal/table.ts";
import { type DeadLetter, receiveDeadLetters } from "./dead-letters.ts";
import type { Reason } from "./reason.ts";
import { type DlqOptions, openDeadLetters, withReasons } from "./targets.ts";

/** A dead letter in the list. Times are milliseconds since 1970. */
interface Entry extends Reason {
  readonly messageId: string;
  readonly sent: number;
  readonly receives: number;
  readonly expires: number;
}

/** Lists dead letters by reason, then one by one. They stay in the queue and are visible again afterwards. @returns the exit code */
export async function listDeadLetters(options: DlqOptions & { limit: number; json: boolean }): Promise<number> {
  await using targets = await openDeadLetters(options);
  const { deadLetters, state } = targets;
  const entries: Entry[] = [];
  await withReasons(targets, async (read) => {
    for await (const { messages } of receiveDeadLetters(deadLetters, options.limit, interrupted)) {
      const reasons = await read(messages);
      for (const [i, message] of messages.entries()) entries.push(toEntry(message, reasons[i] as Reason, state.retention));
    }
  });
  entries.sort((a, b) => a.sent - b.sent);
  const groups = countByReason(entries);
  if (options.json) console.log(JSON.stringify({ queue: deadLetters.label, depth: state.depth, groups, messages: entries }));
  else printList(deadLetters.label, groups, entries, state.depth);
  return interrupted.aborted ? 130 : 0;
}

function toEntry({ MessageId, Attributes = {} }: DeadLetter, { code, field }: Reason, retention: number): Entry {
  const sent = Number(Attributes.SentTimestamp);
  return {
    messageId: MessageId,
    code,
    field,
    sent,
    receives: Number(Attributes.ApproximateReceiveCount),
    expires: sent + retention * 1000,
  };
}

function countByReason(entries: readonly Entry[]): (Reason & { messages: number })[] {
  const groups = Object.values(Object.groupBy(entries, ({ code, field }) => `${code} ${field ?? ""}`)) as Entry[][];
  return groups
    .map((group) => ({ code: group[0]?.code ?? "", field: group[0]?.field ?? null, messages: group.length }))
    .sort((a, b) => b.messages - a.messages);
}

function printList(label: string, groups: ReturnType<typeof countByReason>, entries: readonly Entry[], depth: number): void {
  if (entries.length === 0) {
    console.log(depth === 0 ? `${label} is empty.` : `${label} holds ${formatCount(depth, "message")}, which another reader has received.`);
    return;
  }
  const now = Date.now();
  const counts = groups.map(({ code, field, messages }) => [code, field, String(messages)]);
  const rows = entries.map(({ messageId, code, field, sent, receives, expires }) => [
    ...[messageId, code, field],
    ...[formatDuration(now - sent), String(receives), formatDuration(expires - now)],
  ]);
  console.log(formatTable(["code", "field", "messages"], counts));
  console.log(formatTable(["message id", "code", "field", "age", "received", "expires in"], rows));
  if (entries.length < depth) console.log(`Read ${entries.length} of about ${depth}: --limit reads more.`);
}
