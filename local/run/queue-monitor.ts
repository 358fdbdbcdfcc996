import { setTimeout as wait } from "node:timers/promises";
import { type QueueTarget, readQueue } from "../targets/queue.ts";
import type { Output } from "../terminal/progress.ts";
import type { RunTotals } from "./totals.ts";

/** The longest that a run waits for rejected messages to reach their dead-letter queue, in seconds. */
const MAX_WAIT = 120;

export type QueueMonitor = ReturnType<typeof monitorQueue>;

/** Finds out when a queue is drained. */
export function monitorQueue(queue: QueueTarget, totals: RunTotals, output: Output) {
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
  const monitor = {
    /** Seconds from the start to the latest first outcome of a message: redeliveries of rejected messages do not count. */
    seconds: 0,
    /** Rejected messages that the run leaves in the queue. */
    left: 0,
    /** Whether the queue's own policy moves them to a dead-letter queue later. */
    hasDeadLetterQueue: false,
    /** Called after each batch. */
    noteBatch(): void {
      if (totals.received > received) monitor.seconds = (Date.now() - start) / 1000;
      received = totals.received;
    },
    /** Whether nothing is left, or only messages that were rejected and will not leave the queue soon. */
    async isDone(): Promise<boolean> {
      if (!(await isDrained())) return false;
      if (queue.isEmbedded) return true;
      // SQS's figures are approximate and settle within a second or so.
      await wait(1000);
      return isDrained();
    },
  };
  return monitor;
}
