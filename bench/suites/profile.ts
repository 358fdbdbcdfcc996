import type { Bench, PartResult } from "../bench.ts";
import { watchCopies } from "../support/phases.ts";
import { bufferOf } from "./profile-buffer.ts";
import { overlapOf } from "./profile-overlap.ts";
import { phasesOf } from "./profile-phases.ts";
import { waitsOf } from "./profile-server.ts";
import { stagesOf } from "./profile-stages.ts";

/** Part P: where the time of a batch goes, on the wall, in the function's thread and in Postgres. */
export async function runProfile(bench: Bench): Promise<PartResult> {
  // First, so that the profile does not see what watches.
  const { figures: stages, plot } = await stagesOf(bench);
  const server = [...(await waitsOf(bench)), ...(await overlapOf(bench))];
  const watch = watchCopies();
  const phases = await phasesOf(bench, watch);
  const buffer = await bufferOf(bench, watch);
  return {
    figures: [...phases, ...stages, ...server, ...buffer],
    notes: [
      "By stage: samples of the function's own thread, a few thousand a second, which slow it down by some percent. What is native, or Node's, counts for the caller that is ours; a socket's functions for the socket.",
    ],
    plots: [plot],
  };
}
