import { UserError } from "../errors.ts";
import { interrupted, listenForInterrupts } from "./signals.ts";

/** A foreign error in a few words: its text if it has one, else its code. */
export function explainError(error: unknown): string {
  if (error instanceof AggregateError) return explainError(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.message || ("code" in error ? String(error.code) : error.name);
}

/**
 * Runs a program: an error becomes one sentence on stderr and the exit code.
 * @param work imports the program's libraries, too, because a Ctrl-C is obeyed from this call on
 */
export async function runProgram(work: () => Promise<unknown>): Promise<void> {
  listenForInterrupts();
  try {
    await work();
  } catch (thrown) {
    // A failure while resources close must not hide the reason.
    const error = thrown instanceof SuppressedError ? thrown.suppressed : thrown;
    const isUsers = error instanceof UserError;
    // After a Ctrl-C, errors are its consequences.
    if (!interrupted.aborted) console.error(`masqueue: ${explainError(error)}`);
    if (!isUsers && process.env.DEBUG) console.error(error);
    process.exitCode = interrupted.aborted ? 130 : isUsers ? error.exitCode : 1;
  }
}
