import type { Scale } from "../bench.ts";
import type { Plan } from "../measure.ts";

/** How long a measurement may go on. @param seconds in a full run; a quick one takes what the fewest repetitions take */
export function planFor(scale: Scale, seconds: number, repetitions = 15): Plan {
  return scale === "quick" ? { warmUps: 1, repetitions: 3, seconds: 0 } : { warmUps: 2, repetitions, seconds };
}

/** How often something is done that has to be short in a quick run. @param times in a full run */
export function fewerIfQuick(scale: Scale, times: number): number {
  return scale === "quick" ? Math.ceil(times / 5) : times;
}
