import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { type PostgresTarget, withClient } from "../targets/postgres.ts";
import type { QueueTarget } from "../targets/queue.ts";
import type { Output } from "../terminal/progress.ts";
import { AS_PRINTED, formatTable } from "../terminal/table.ts";
import type { Outgoing } from "./messages-file.ts";
import type { QueueMonitor } from "./queue-monitor.ts";
import type { RunTotals } from "./totals.ts";

export interface RunResult {
  totals: RunTotals;
  monitor: QueueMonitor;
  postgres: PostgresTarget;
  queue: QueueTarget;
  deadLettered: number;
  pipelines: readonly Pipeline[];
  /** The messages that the run sent. */
  messages: readonly Outgoing[];
  options: { json: boolean; data?: string };
}

const MAX_ROWS = 5;
const MAX_REJECTIONS = 20;

/** Prints the totals of a run: as one JSON object, or as a page for a person. */
export async function printSummary(output: Output, result: RunResult): Promise<void> {
  const { totals, monitor, deadLettered, options } = result;
  const summary = {
    received: totals.received,
    stored: totals.count("stored"),
    duplicates: totals.count("duplicate"),
    rejected: totals.count("rejected"),
    ...(totals.count("skipped") > 0 && { skipped: totals.count("skipped") }),
    deadLettered,
    seconds: Number(monitor.seconds.toFixed(3)),
  };
  if (options.json) process.stdout.write(`${JSON.stringify({ ...summary, rejections: totals.rejections })}\n`);
  if (summary.received === 0) return output.line("No message was handled.");
  const rate = monitor.seconds > 0 ? Math.round(summary.stored / monitor.seconds) : 0;
  output.line("");
  for (const [name, value] of Object.entries({ ...summary, "rows per second": rate }))
    output.line(`${name.replace("deadLettered", "dead-lettered").padEnd(16)}${value}`);
  if (totals.rejections.length > 0) printRejections(output, result);
  const { unwrittenFindings } = totals;
  if (unwrittenFindings > 0)
    output.line(`\nThe rejections and unknown fields of ${unwrittenFindings} batches could not be written to their tables.`);
  await printRows(output, result);
}

function printRejections(output: Output, { totals: { rejections }, monitor, queue }: RunResult): void {
  const rows = rejections.slice(0, MAX_REJECTIONS).map(({ messageId, code, field }) => [messageId, code, field]);
  output.line(`\nRejected:\n${formatTable(["message id", "code", "field"], rows)}`);
  const more = rejections.length - rows.length;
  if (more > 0) output.line(`… and ${more} more: masqueue sql "select * from rejected_messages"`);
  if (monitor.left > 0 && !queue.isEmbedded) {
    const next = monitor.hasDeadLetterQueue ? "its own policy moves them to its dead-letter queue later" : "it has no dead-letter queue";
    output.line(`The queue holds only ${monitor.left} rejected messages; they stay there: ${next}.`);
  }
}

async function printRows(output: Output, { postgres, pipelines, totals, messages, options: { data } }: RunResult): Promise<void> {
  // The key of a message that was received before is its first id.
  const sentIds = messages.slice(0, MAX_ROWS).flatMap(({ attributes }) => attributes?.["masqueue-id"]?.StringValue ?? []);
  const values = [[...totals.firstStored, ...sentIds]];
  const flags = (postgres.isEmbedded ? "" : " --env") + (data ? ` --data ${shellQuote(data)}` : "");
  for (const { table, dateColumn } of pipelines) {
    const text = `SELECT * FROM "${table}" WHERE message_id = ANY ($1) ORDER BY "${dateColumn}" DESC, message_id LIMIT ${MAX_ROWS}`;
    const query = { text, values, rowMode: "array" as const, types: AS_PRINTED };
    const { rows, fields } = await withClient(postgres, (client) => client.query<string[]>(query));
    const head = fields.map(({ name }) => name);
    if (rows.length > 0) output.line(`\nFirst rows of ${table} (tokens and ids shortened):\n${formatTable(head, rows, 12)}`);
  }
  output.line(`\nThe data is in ${postgres.place}. Query it:`);
  for (const { table, dateColumn, columns } of pipelines) {
    const grouped = columns.find(({ kind }) => kind === "masked")?.name ?? dateColumn;
    output.line(`  npx masqueue sql${flags} "select ${grouped}, count(*) from ${table} group by 1 order by 2 desc limit 5"`);
  }
  if (postgres.isEmbedded) output.line(`Remove it with: npx masqueue reset${flags}`);
}

function shellQuote(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
