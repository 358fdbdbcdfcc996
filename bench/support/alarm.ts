import { Worker } from "node:worker_threads";

/** Rings once at a point in time, more exactly than `setTimeout`, which knows whole milliseconds only. */
export interface Alarm {
  /** @param at nanoseconds of `process.hrtime.bigint()`; only after the alarm before has rung */
  set(at: bigint): void;
  onRing(ring: () => void): void;
  close(): Promise<void>;
}

/** An alarm kept by a thread that sleeps, so that waiting takes no processor time from what is measured. */
export function preciseAlarm(): Alarm {
  const shared = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  const due = new BigInt64Array(shared);
  const worker = new Worker(new URL("./alarm-thread.ts", import.meta.url), { workerData: shared });
  worker.unref();
  return {
    set(at) {
      Atomics.store(due, 0, at);
      Atomics.notify(due, 0);
    },
    onRing: (ring) => worker.on("message", ring),
    close: async () => {
      await worker.terminate();
    },
  };
}
