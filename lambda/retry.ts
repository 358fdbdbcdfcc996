import { setTimeout as wait } from "node:timers/promises";
import type { Deadline } from "./deadline.ts";

/** The error that a failed attempt ends with, and whether a further attempt may help. */
export type Failure<E> = { readonly error: E; readonly retryable: true } | { readonly error: unknown; readonly retryable: false };

/**
 * Calls `attempt` until it succeeds, pausing in between.
 * @param attempt gets the error of the attempt before; undefined at first
 * @param assess turns a thrown error into a failure; gets the number of earlier attempts
 * @param pauses milliseconds before each further attempt, so there is one attempt more than there are pauses
 * @param deadline no pause extends beyond it. @default none
 * @throws the error of the last attempt
 */
export async function retry<T, E>(
  attempt: (failure: E | undefined) => Promise<T>,
  assess: (error: unknown, earlier: number) => Failure<E>,
  pauses: readonly number[],
  deadline?: Deadline,
): Promise<T> {
  let failure: E | undefined;
  for (let earlier = 0; ; earlier++) {
    try {
      return await attempt(failure);
    } catch (thrown) {
      const { error, retryable } = assess(thrown, earlier);
      const pause = pauses[earlier];
      if (!retryable || pause === undefined || (deadline && pause > deadline.remaining)) throw error;
      failure = error;
      await wait(pause);
    }
  }
}
