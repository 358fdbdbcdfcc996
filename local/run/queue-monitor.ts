import { setTimeout as wait } from "node:timers/promises";
import { queueState } from "../emulators/sqs.ts";
import type { OpenQueue } from "../targets/open.ts";
import type { Output } from "../terminal/progress.ts";
import type { RunTotals } from "./totals.ts";

/** The longest that a run waits for rejected messages to reach their dead-letter queue, in seconds. */
const LONGEST_WAIT = 120;

/** Knows when a queue is drained. */
export interface Draining {
  /** Called after each batch. */
  noteBatch(): void;
  /** Whether nothing is left, or only messages that were rejected and will not leave the queue soon. */
  isDone(): Promise<boolean>;
  /** Seconds from the start to the latest first verdict on a message: retries of rejected ones do not count. */
  readonly seconds: number;
  /** Messages that the run leaves in the queue because they were rejected. */
  readonly left: number;
  /** Whether the queue has a dead-letter queue that they go to, in the end. */
  readonly leftForDeadLetters: boolean;
}

export function drained(queue: OpenQueue, tally: RunTotals, output: Output): Draining {
  const start = Date.now();
  let seconds = 0;
  let known = 0;
  let left = 0;
  let leftForDeadLetters = false;
  let told = false;
  const look = async () => {
    const { depth, secondsToDeadLetter } = await queueState(queue);
    const onlyRejected = depth <= tally.count("rejected");
    const movesSoon = secondsToDeadLetter !== null && secondsToDeadLetter <= LONGEST_WAIT;
    if (depth > 0 && onlyRejected && movesSoon && !told) {
      told = true;
      output.line(`Waiting up to ${secondsToDeadLetter} s for ${depth} rejected messages to go to the dead-letter queue.`);
    }
    left = depth;
    leftForDeadLetters = secondsToDeadLetter !== null;
    return depth === 0 || (onlyRejected && !movesSoon);
  };
  return {
    noteBatch() {
      const now = tally.received;
      if (now > known) seconds = (Date.now() - start) / 1000;
      known = now;
    },
    async isDone() {
      if (!(await look())) return false;
      // SQS's figures are approximate and settle within a second or so.
      if (queue.isEmbedded) return true;
      await wait(1000);
      return look();
    },
    get seconds() {
      return seconds;
    },
    get left() {
      return left;
    },
    get leftForDeadLetters() {
      return leftForDeadLetters;
    },
  };
}
