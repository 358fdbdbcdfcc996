import { UserError } from "../terminal/errors.ts";
import { explainError } from "../terminal/explain.ts";
import { interrupted, listenForInterrupts } from "../terminal/signals.ts";

/** Runs an npm script's work: an error is one sentence, and sets the exit code. */
export async function script(work: () => Promise<void>): Promise<void> {
  listenForInterrupts();
  try {
    await work();
  } catch (error) {
    // After a Ctrl-C, what it broke off is no news.
    if (!interrupted.aborted) console.error(`masqueue: ${explainError(error)}`);
    process.exitCode = interrupted.aborted ? 130 : error instanceof UserError ? error.exitCode : 1;
  }
}
