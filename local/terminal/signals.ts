import * as errors from "../errors.ts";

const controller = new AbortController();
/** Milliseconds after which another signal is meant as a second one. */
const SECOND_SIGNAL_AFTER = 1_000;

/** Aborted by the first Ctrl-C, or when the reader of the output has gone. Work in progress ends, and what is open is closed. */
export const interrupted: AbortSignal = controller.signal;

/** Starts to listen for signals; another one, a second after the first, ends the process at once. */
export function listenForInterrupts(): void {
  let first = 0;
  const interrupt = () => {
    if (first && Date.now() - first > SECOND_SIGNAL_AFTER) process.exit(130);
    if (!first) console.error("Stopping: work in progress ends first.");
    first ||= Date.now();
    controller.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
  // The launcher was killed, so it could not forward a signal.
  process.on("disconnect", interrupt);
  process.channel?.unref();
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => controller.abort());
}

/** Called between two steps, to go no further after a Ctrl-C. @throws UserError with exit code 130 */
export function checkInterrupted(): void {
  if (interrupted.aborted) throw errors.stopped();
}

/** Waits for work, but no longer than until a Ctrl-C. @throws UserError as {@link checkInterrupted} does */
export function interruptible<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject);
    const stop = () => reject(errors.stopped());
    if (interrupted.aborted) stop();
    else interrupted.addEventListener("abort", stop, { once: true });
  });
}
