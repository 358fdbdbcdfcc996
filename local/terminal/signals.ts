import { UserError } from "./errors.ts";

const controller = new AbortController();
const SECOND_THOUGHTS = 1_000;

/** Aborted by the first Ctrl-C, or when nobody reads what we print. What is under way ends, what is open is closed. */
export const interrupted: AbortSignal = controller.signal;

/** Starts to listen for signals; another one, a second after the first, ends the process at once. */
export function listenForInterrupts(): void {
  let first = 0;
  const interrupt = () => {
    if (first && Date.now() - first > SECOND_THOUGHTS) process.exit(130);
    if (!first) console.error("Stopping: what is under way ends first.");
    first ||= Date.now();
    controller.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
  // The launcher is gone: killed, so it could hand nothing on.
  process.on("disconnect", interrupt);
  process.channel?.unref();
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => controller.abort());
}

/** Between two steps: goes no further after a Ctrl-C. @throws UserError with exit code 130 */
export function checkInterrupted(): void {
  if (interrupted.aborted) throw new UserError("Stopped.", 130);
}

/** Waits for work that may be left to itself after a Ctrl-C. @throws UserError as {@link checkInterrupted} does */
export async function interruptible<T>(work: Promise<T>): Promise<T> {
  let stop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
    if (interrupted.aborted) resolve();
    else interrupted.addEventListener("abort", () => resolve(), { once: true });
  });
  const first = await Promise.race([work.then((value) => ({ value })), stopped]);
  stop();
  if (first) return first.value;
  work.catch(() => {});
  throw new UserError("Stopped.", 130);
}
