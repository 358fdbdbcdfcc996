import type { Scale } from "../bench.ts";
import type { Plan } from "../measure.ts";

/** How long a measurement may go on. @param seconds in a full run; a quick one takes what the fewest repetitions take */
export function planFor(scale: Scale, seconds: number, repetitions = 15): Plan {
  return scale === "quick" ? { warmUps: 1, repetitions: 3, seconds: 0 } : { warmUps: 2, repetitions, seconds };
}
