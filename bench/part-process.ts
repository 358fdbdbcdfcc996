import type { Bench, RunPart } from "./bench.ts";
import type { Part } from "./figures.ts";
import { answerOrders } from "./support/answer.ts";

/** Runs one part in this process. Only that part's modules are loaded. */
const RUN: Readonly<Record<Exclude<Part, "F">, () => Promise<RunPart>>> = {
  A: async () => (await import("./parts/store.ts")).runStore,
  B: async () => (await import("./parts/mask.ts")).runMask,
  R: async () => (await import("./parts/distance.ts")).runDistance,
  C: async () => (await import("./parts/mixed.ts")).runMixed,
  D: async () => (await import("./parts/growth.ts")).runGrowth,
  E: async () => (await import("./parts/start.ts")).runStart,
  P: async () => (await import("./parts/profile.ts")).runProfile,
};

export type PartOrder = Omit<Bench, "say"> & { readonly part: keyof typeof RUN };

answerOrders(async ({ part, ...bench }: PartOrder) => {
  const run = await RUN[part]();
  return { result: await run({ ...bench, say: (saying) => process.send?.({ saying }) }) };
});
