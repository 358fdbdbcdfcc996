import { queueState } from "../emulators/sqs.ts";
import { readMessages } from "../run/messages-file.ts";
import { inOrder, sendMessages, type Taken } from "../run/send.ts";
import { namedQueue } from "../targets/from-env.ts";
import { explained } from "../targets/sqs-errors.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { UserError } from "../terminal/errors.ts";
import { outputFor } from "../terminal/progress.ts";
import { checkInterrupted, interrupted } from "../terminal/signals.ts";

/** Sends a file's messages to the queue that the environment names; their ids go to stdout, all else to stderr. @returns the exit code */
export async function send(file: string, options: { env: boolean; yes: boolean }): Promise<number> {
  const messages = readMessages(file);
  const queue = options.env ? namedQueue(process.env) : null;
  if (!queue)
    throw new UserError(
      options.env
        ? "--env: QUEUE_URL is not set."
        : `send needs --env and QUEUE_URL: an embedded queue ends with its run (masqueue start --from ${file} sends, and drains it).`,
      2,
    );
  const output = outputFor(true);
  const taken: Taken[] = [];
  let refused = 0;
  try {
    output.line(`Queue      ${queue.label}`);
    await confirmTargets([queue], options.yes);
    await queueState(queue);
    checkInterrupted();
    output.begin(messages.length);
    const sending = sendMessages(queue.client, queue.queueUrl, messages, {
      onSent(some) {
        taken.push(...some);
        output.sent(some.length);
      },
      onRefused(position, code) {
        refused++;
        output.line(`Not sent: message ${position} of the file, which SQS does not take (${code}).`);
      },
      signal: interrupted,
    });
    await explained(queue.label, sending);
    return interrupted.aborted ? 130 : refused > 0 ? 1 : 0;
  } finally {
    output.end();
    // What SQS has, it has, however the sending ended.
    if (taken.length > 0) console.log(inOrder(taken).join("\n"));
    if (taken.length > 0 && taken.length < messages.length) output.line(`Sent ${taken.length} of ${messages.length} messages.`);
    queue.client.destroy();
  }
}
