import { migrateTarget, type PostgresTarget } from "../targets/postgres.ts";
import { type QueueTarget, readQueue } from "../targets/queue.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import type { Output } from "../terminal/progress.ts";
import { checkInterrupted } from "../terminal/signals.ts";

/** Names the services, asks before it touches anything remote, and only then migrates. */
export async function prepareTargets(output: Output, yes: boolean, postgres: PostgresTarget, queue?: QueueTarget): Promise<void> {
  output.line(`Postgres   ${postgres.label}`);
  if (queue) output.line(`Queue      ${queue.label}`);
  const pending = await migrateTarget(postgres, { dryRun: true });
  output.line(`Migrations ${pending.join(", ") || "none pending"}`);
  checkInterrupted();
  await confirmTargets(queue ? [postgres, queue] : [postgres], yes);
  if (queue) await readQueue(queue);
  if (pending.length > 0) await migrateTarget(postgres);
  checkInterrupted();
}
