import { setImmediate as turn } from "node:timers/promises";
import { answerOrders } from "./answer.ts";
import { type Batch, newBatches } from "./batches.ts";
import { maskAll } from "./path.ts";

/** Parses and masks in a process of its own, beside what else goes on, until it is told to stop. */
export type MaskOrder = { readonly make: number; readonly size: number } | { readonly mask: "begin" | "end" };

/** What was masked between begin and end. */
export interface Masked {
  readonly rows: number;
  readonly ms: number;
}

let batches: Batch[] = [];
let isMasking = false;
let masking: Promise<Masked> | undefined;

answerOrders(async (order: MaskOrder) => {
  if ("make" in order) batches = newBatches(order.make, order.size);
  else if (order.mask === "begin") masking = maskUntilEnd();
  else {
    isMasking = false;
    return { ...(await masking) };
  }
  return {};
});

async function maskUntilEnd(): Promise<Masked> {
  isMasking = true;
  const start = performance.now();
  let rows = 0;
  for (let i = 0; isMasking; i++) {
    const { event } = batches[i % batches.length] as Batch;
    rows += maskAll(event).length;
    // Or it would never hear that it is to end.
    await turn();
  }
  return { rows, ms: performance.now() - start };
}
