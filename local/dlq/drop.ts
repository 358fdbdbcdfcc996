import type pg from "pg";
import * as errors from "../errors.ts";
import { formatCount } from "../status/format.ts";
import { withClient } from "../targets/postgres.ts";
import { confirm } from "../terminal/confirm.ts";
import { explainError } from "../terminal/program.ts";
import { interrupted } from "../terminal/signals.ts";
import { type Choice, createChoice } from "./choice.ts";
import { type DeadLetter, receiveDeadLetters } from "./dead-letters.ts";
import type { Reason } from "./reason.ts";
import { type DlqOptions, openDeadLetters, withReasons } from "./targets.ts";

/** Why a message may be dropped; kept in table `rejections` as `dropped_…`. */
export const DROP_REASONS = ["test", "duplicate", "obsolete", "worthless", "erasure"] as const;

interface DropOptions extends DlqOptions, Choice {
  reason: (typeof DROP_REASONS)[number];
  yes: boolean;
}

/** Deletes dead letters for good, after a row in table `rejections` says why. @returns the exit code */
export async function dropDeadLetters(options: DropOptions): Promise<number> {
  const isChosen = createChoice(options);
  await using targets = await openDeadLetters(options);
  const { deadLetters, postgres } = targets;
  if (!postgres) throw errors.dropNeedsPostgres();
  await confirm(`Messages of ${deadLetters.label} will be deleted for good.`, options.yes, deadLetters.label);
  let dropped = 0;
  await withReasons(targets, async (read) => {
    for await (const { messages, remove } of receiveDeadLetters(deadLetters, Number.POSITIVE_INFINITY, interrupted)) {
      const reasons = await read(messages);
      const chosen = messages.filter((message, i) => isChosen(message, reasons[i] as Reason));
      if (chosen.length === 0) continue;
      await withClient(postgres, (client) => keepReason(client, chosen, `dropped_${options.reason}`, options.pipeline)).catch((error) => {
        throw errors.reasonNotKept(explainError(error));
      });
      await remove(chosen);
      dropped += chosen.length;
    }
  });
  console.log(`${formatCount(dropped, "message")} dropped.`);
  return interrupted.aborted ? 130 : 0;
}

async function keepReason(client: pg.Client, messages: readonly DeadLetter[], code: string, pipeline: string): Promise<void> {
  await client.query(
    `INSERT INTO rejections (pipeline, message_id, code, receive_count)
     SELECT $1, message_id, $2, receive_count FROM unnest($3::text[], $4::int[]) AS dropped (message_id, receive_count)`,
    [
      pipeline,
      code,
      messages.map(({ MessageId }) => MessageId),
      messages.map(({ Attributes }) => Number(Attributes?.ApproximateReceiveCount ?? 0)),
    ],
  );
}
