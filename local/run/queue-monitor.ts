import { setTimeout as wait } from "node:timers/promises";
import { type QueueTarget, readQueue } from "../targets/queue.ts";
import type { Output } from "../terminal/progress.ts";
import type { RunTotals } from "./totals.ts";

/** The longest that a run waits for rejected messages to reach their dead-letter queue, in seconds. */
const MAX_WAIT = 120;

/** Finds out when a queue is drained. */
export interface QueueMonitor {
  /** Called after each batch. */
  noteBatch(): void;
  /** Whether nothing is left, or only messages that were rejected and will not leave the queue soon. */
  isDone(): Promise<boolean>;
  /** Seconds from the start to the latest first outcome of a message: redeliveries of rejected messages do not count. */
  seconds: number;
  /** Rejected messages that the run leaves in the queue. */
  left: number;
  /** Whether the queue's own policy moves them to a dead-letter queue later. */
  hasDeadLetterQueue: boolean;
}

export function monitorQueue(queue: QueueTarget, totals: RunTotals, output: Output): QueueMonitor {
  const start = Date.now();
  let received = 0;
  let isAnnounced = false;
  const isDrained = async () => {
    const { depth, secondsToDeadLetter } = await readQueue(queue);
    const onlyRejected = depth <= totals.count("rejected");
    const movesSoon = secondsToDeadLetter !== null && secondsToDeadLetter <= MAX_WAIT;
    if (depth > 0 && onlyRejected && movesSoon && !isAnnounced) {
      isAnnounced = true;
      output.line(`Waiting up to ${secondsToDeadLetter} s for ${depth} rejected messages to go to the dead-letter queue.`);
    }
    Object.assign(monitor, { left: depth, hasDeadLetterQueue: secondsToDeadLetter !== null });
    return depth === 0 || (onlyRejected && !movesSoon);
  };
  const monitor: QueueMonitor = {
    ...{ seconds: 0, left: 0, hasDeadLetterQueue: false },
    noteBatch() {
      if (totals.received > received) monitor.seconds = (Date.now() - start) / 1000;
      received = totals.received;
    },
    async isDone() {
      if (!(await isDrained())) return false;
      if (queue.isEmbedded) return true;
      // SQS's figures are approximate and settle within a second or so.
      await wait(1000);
      return isDrained();
    },
  };
  return monitor;
}
