import * as errors from "../errors.ts";
import { readMessages } from "../run/messages-file.ts";
import { sendWithProgress } from "../run/send.ts";
import { queueFromEnv } from "../targets/from-env.ts";
import { readQueue } from "../targets/queue.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { createOutput } from "../terminal/progress.ts";
import { checkInterrupted, interrupted } from "../terminal/signals.ts";

/** Sends a file's messages to the queue that the environment names; their ids go to stdout, all else to stderr. @returns the exit code */
export async function send(file: string, options: { env: boolean; yes: boolean }): Promise<number> {
  const messages = readMessages(file);
  if (!options.env) throw errors.sendNeedsEnv(file);
  await using queue = queueFromEnv(process.env);
  if (!queue) throw errors.noQueueInEnv();
  const output = createOutput(process.stderr);
  const ids: string[] = [];
  try {
    output.line(`Queue      ${queue.label}`);
    await confirmTargets([queue], options.yes);
    await readQueue(queue);
    checkInterrupted();
    output.begin(messages.length);
    const refused = await sendWithProgress(output, queue, messages, ids);
    return interrupted.aborted ? 130 : refused > 0 ? 1 : 0;
  } finally {
    output.end();
    // Also after an error: SQS keeps what it has accepted.
    const sent = Object.values(ids);
    if (sent.length > 0) console.log(sent.join("\n"));
    if (sent.length > 0 && sent.length < messages.length) output.line(`Sent ${sent.length} of ${messages.length} messages.`);
  }
}
