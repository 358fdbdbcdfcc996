import type { Bench, RunPart } from "./bench.ts";
import type { Part } from "./figures.ts";
import { answerOrders } from "./support/answer.ts";

/** Runs one part in this process. Only that part's modules are loaded. */
const RUN: Readonly<Record<Exclude<Part, "F">, () => Promise<RunPart>>> = {
  A: async () => (await import("./suites/store.ts")).runStore,
  B: async () => (await import("./suites/mask.ts")).runMask,
  R: async () => (await import("./suites/distance.ts")).runDistance,
  C: async () => (await import("./suites/mixed.ts")).runMixed,
  D: async () => (await import("./suites/growth.ts")).runGrowth,
  E: async () => (await import("./suites/start.ts")).runStart,
  P: async () => (await import("./suites/profile.ts")).runProfile,
};

export type PartOrder = Omit<Bench, "say"> & { readonly part: keyof typeof RUN };

answerOrders(async ({ part, ...bench }: PartOrder) => {
  const run = await RUN[part]();
  return { result: await run({ ...bench, say: (saying) => process.send?.({ saying }) }) };
});
