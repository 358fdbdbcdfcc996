import { parentPort, workerData } from "node:worker_threads";

/** The sleeping side of `alarm.ts`: 0 stands for no alarm set. */
const due = new BigInt64Array(workerData as SharedArrayBuffer);
const nobodyNotifies = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

for (;;) {
  Atomics.wait(due, 0, 0n);
  const milliseconds = Number(Atomics.load(due, 0) - process.hrtime.bigint()) / 1e6;
  if (milliseconds > 0) Atomics.wait(nobodyNotifies, 0, 0, milliseconds);
  Atomics.store(due, 0, 0n);
  parentPort?.postMessage(null);
}
