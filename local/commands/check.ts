import { openDryRun, type Trial } from "../../lambda/ingest/dry-run.ts";
import { UnknownFieldCounter } from "../../lambda/ingest/unknown-fields.ts";
import type { Queue } from "../../lambda/pipelines/queue.ts";
import { findQueue } from "../run/container.ts";
import { readMessages } from "../run/messages-file.ts";
import { toRecords } from "../run/records.ts";
import { formatTable } from "../terminal/table.ts";

/** Rejections of one kind. */
interface Rejections {
  readonly pipeline: string;
  readonly code: string;
  readonly field: string | null;
  readonly messages: number;
  /** The position of the first such message in the file, from 1. */
  readonly first: number;
}

/** What would become of messages. It holds no value of one. */
interface CheckResult {
  readonly messages: number;
  readonly stored: number;
  readonly rejected: number;
  readonly skipped: number;
  readonly rejections: readonly Rejections[];
  /** The undeclared fields of all messages; the names are those that a log line may show. */
  readonly undeclared: { readonly count: number; readonly fields: readonly { readonly field: string; readonly messages: number }[] };
  readonly maskedAsText: readonly { readonly pipeline: string; readonly column: string; readonly values: number }[];
}

/** Tries messages on a pipeline or shared queue, without any service. @returns the exit code: 1 if a message would be rejected */
export async function check(name: string, { from, json }: { from: string; json: boolean }): Promise<number> {
  const queue = findQueue(name);
  const run = await openDryRun(queue);
  const result = summarise(toRecords(readMessages(from)).map(run), queue);
  if (json) console.log(JSON.stringify(result));
  else print(result, from);
  return result.rejected > 0 ? 1 : 0;
}

function summarise(trials: readonly Trial[], queue: Queue): CheckResult {
  const unknown = new UnknownFieldCounter();
  const rejected: Omit<Rejections, "messages">[] = [];
  const asText: { pipeline: string; column: string }[] = [];
  for (const [i, trial] of trials.entries()) {
    const pipeline = trial.pipeline?.name ?? queue.name;
    if (trial.kind === "row") {
      unknown.add(trial.message);
      asText.push(...trial.maskedAsText.map((column) => ({ pipeline, column })));
    } else if (trial.outcome.kind === "rejected") {
      rejected.push({ pipeline, code: trial.outcome.code, field: trial.outcome.field, first: i + 1 });
    }
  }
  const stored = trials.filter(({ kind }) => kind === "row").length;
  const { count, names, messages } = unknown.total;
  return {
    ...{ messages: trials.length, stored, rejected: rejected.length, skipped: trials.length - stored - rejected.length },
    rejections: groupBy(rejected, ["pipeline", "code", "field"]).map(({ item, times }) => ({ ...item, messages: times })),
    undeclared: { count, fields: names.map((field, i) => ({ field, messages: messages[i] ?? 0 })) },
    maskedAsText: groupBy(asText, ["pipeline", "column"]).map(({ item, times }) => ({ ...item, values: times })),
  };
}

/** The first item of each group that is equal in these properties, and how many the group has; the largest group first. */
function groupBy<T>(items: readonly T[], properties: readonly (keyof T)[]): { item: T; times: number }[] {
  const groups = Map.groupBy(items, (item) => JSON.stringify(properties.map((property) => item[property])));
  return [...groups.values()]
    .flatMap(([item, ...more]) => (item ? [{ item, times: 1 + more.length }] : []))
    .sort((a, b) => b.times - a.times);
}

function print({ messages, stored, rejected, skipped, rejections, undeclared, maskedAsText }: CheckResult, from: string): void {
  const counts = { messages, "would be stored": stored, rejected, ...(skipped > 0 && { skipped }) };
  for (const [name, value] of Object.entries(counts)) console.log(`${name.padEnd(16)}${value}`);
  if (rejections.length > 0) {
    const rows = rejections.map(({ pipeline, code, field, messages, first }) => [pipeline, code, field, `${messages}`, `${first}`]);
    console.log(`\nRejected:\n${formatTable(["pipeline", "code", "field", "messages", `first in ${from}`], rows)}`);
  }
  if (undeclared.count > 0) {
    const rows = undeclared.fields.map(({ field, messages }) => [field, `${messages}`]);
    const unnamed = undeclared.count - undeclared.fields.reduce((sum, { messages }) => sum + messages, 0);
    console.log("\nNot declared, so not stored:");
    if (rows.length > 0) console.log(formatTable(["field", "messages"], rows));
    if (unnamed > 0)
      console.log(`${unnamed} more, not named here: they are many, or their names may be values (no identifiers, or in one message only)`);
  }
  if (maskedAsText.length > 0) {
    const rows = maskedAsText.map(({ pipeline, column, values }) => [pipeline, column, `${values}`]);
    console.log(`\nMasked as text, because they lack the form of their column:\n${formatTable(["pipeline", "column", "values"], rows)}`);
  }
  if (rejected > 0) console.log(`\nExit code 1: ${rejected} of ${messages} messages would be rejected.`);
}
