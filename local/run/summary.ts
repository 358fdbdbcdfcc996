import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { type OpenPostgres, type OpenQueue, withClient } from "../targets/open.ts";
import type { Output } from "../terminal/progress.ts";
import { AS_PRINTED, table } from "../terminal/table.ts";
import type { Outgoing } from "./messages-file.ts";
import type { Draining } from "./queue-monitor.ts";
import type { RunTotals } from "./totals.ts";

export interface RunResult {
  tally: RunTotals;
  run: Draining;
  postgres: OpenPostgres;
  queue: OpenQueue;
  deadLettered: number;
  pipeline: Pipeline;
  /** What was sent. */
  messages: readonly Outgoing[];
  /** The folder given with --data. */
  data: string | undefined;
}

const ROWS_SHOWN = 5;
const REJECTIONS_SHOWN = 20;

/** Tells what a run came to: one JSON object, or a page for a person. */
export async function summarise(output: Output, result: RunResult): Promise<void> {
  const { tally, run, deadLettered } = result;
  const summary = {
    received: tally.received,
    stored: tally.count("stored"),
    duplicates: tally.count("duplicate"),
    rejected: tally.count("rejected"),
    deadLettered,
    seconds: Number(run.seconds.toFixed(3)),
  };
  if (output.json) process.stdout.write(`${JSON.stringify({ ...summary, rejections: tally.rejections })}\n`);
  if (summary.received === 0) return output.line("No message was handled.");
  const rate = run.seconds > 0 ? Math.round(summary.stored / run.seconds) : 0;
  output.line("");
  for (const [name, value] of Object.entries({ ...summary, "rows per second": rate }))
    output.line(`${name.replace("deadLettered", "dead-lettered").padEnd(16)}${value}`);
  showRejections(output, result);
  if (tally.rejectionsLost > 0) output.line(`\nThe reasons of ${tally.rejectionsLost} batches could not be written to table rejections.`);
  await showRows(output, result);
}

function showRejections(output: Output, { tally, run, queue }: RunResult): void {
  const { rejections } = tally;
  if (rejections.length === 0) return;
  output.line("\nRejected:");
  output.line(
    table(
      ["message id", "code", "field"],
      rejections.slice(0, REJECTIONS_SHOWN).map((r) => [r.messageId, r.code, r.field ?? ""]),
    ),
  );
  if (rejections.length > REJECTIONS_SHOWN)
    output.line(`… and ${rejections.length - REJECTIONS_SHOWN} more: masqueue sql "select * from rejected_messages"`);
  if (run.left > 0 && !queue.isEmbedded) {
    const where = run.leftForDeadLetters ? "its own policy moves them to its dead-letter queue later" : "it has no dead-letter queue";
    output.line(`All that is left in the queue are ${run.left} rejected messages; they stay there: ${where}.`);
  }
}

async function showRows(output: Output, { postgres, pipeline, tally, messages, data }: RunResult): Promise<void> {
  const { table: name, dateColumn } = pipeline;
  // A message that was received elsewhere before has its first id as its key.
  const sentIds = messages.slice(0, ROWS_SHOWN).flatMap(({ attributes }) => attributes?.["masqueue-id"]?.StringValue ?? []);
  const text = `SELECT * FROM "${name}" WHERE message_id = ANY ($1) ORDER BY "${dateColumn}" DESC, message_id LIMIT ${ROWS_SHOWN}`;
  const query = { text, values: [[...tally.firstStored, ...sentIds]], rowMode: "array" as const, types: AS_PRINTED };
  const { rows, fields } = await withClient(postgres, (client) => client.query(query));
  if (rows.length > 0) {
    const head = fields.map((field) => field.name);
    output.line(`\nFirst rows of ${name} (tokens and ids shortened):`);
    output.line(table(head, rows as string[][], 12));
  }
  const where = (postgres.isEmbedded ? "" : " --env") + (data ? ` --data ${quoted(data)}` : "");
  const masked = pipeline.columns.find((column) => column.kind === "masked")?.name ?? dateColumn;
  output.line(`\nThe data is in ${postgres.place}. Ask it:`);
  output.line(`  npx masqueue sql${where} "select ${masked}, count(*) from ${name} group by 1 order by 2 desc limit 5"`);
  if (postgres.isEmbedded) output.line(`Remove it with: npx masqueue reset${where}`);
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
