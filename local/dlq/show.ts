import * as errors from "../errors.ts";
import { formatCount } from "../status/format.ts";
import { interrupted } from "../terminal/signals.ts";
import { receiveDeadLetters } from "./dead-letters.ts";
import { findPipeline, readBody } from "./reason.ts";
import { redact } from "./redact.ts";
import { type DlqOptions, openDeadLetters, toRecord, withReasons } from "./targets.ts";

/** Prints one dead letter: its personal fields redacted, or with `raw` as it is. @returns the exit code */
export async function showDeadLetter(id: string, options: DlqOptions & { raw: boolean }): Promise<number> {
  await using targets = await openDeadLetters(options);
  const { deadLetters, declared } = targets;
  return withReasons(targets, async (read) => {
    for await (const { messages } of receiveDeadLetters(deadLetters, Number.POSITIVE_INFINITY, interrupted)) {
      const message = messages.find(({ MessageId }) => MessageId === id);
      if (!message) continue;
      const [reason] = await read([message]);
      const record = toRecord(message, targets);
      const body = readBody(record, declared);
      if (options.raw) console.error("Raw values follow. They are personal data: do not copy them into tickets, chats or logs.");
      const shown = options.raw
        ? record.body
        : body
          ? JSON.stringify(redact(body, findPipeline(record, declared)), null, 2)
          : "(not a JSON object: --raw shows it)";
      console.error(
        `${id}  ${reason?.code}${reason?.field ? ` (${reason.field})` : ""}, ${formatCount(record.body.length, "character")}, attributes: ${Object.keys(record.messageAttributes).join(", ") || "none"}`,
      );
      console.log(shown);
      return 0;
    }
    throw errors.unknownDeadLetter(id, deadLetters.label);
  });
}
