import { setTimeout as wait } from "node:timers/promises";
import { DEPLOYMENT, EDGE_FAULTS, type Fault, SERVER_FAULTS, type World } from "./faults.ts";
import { createRandom, type Random } from "./random.ts";

/** A fault as it was injected; times in milliseconds since 1970. */
export interface Injected {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Injects faults until a time, and heals each.
 * @param seed repeats their order, their lengths and the pauses between them
 * @param signal ends it earlier
 * @returns the faults as they are injected, and what to wait for
 */
export function startFaults(world: World, seed: number, until: number, signal: AbortSignal) {
  const injected: Injected[] = [];
  const half = (Date.now() + until) / 2;
  let isDeployed = false;
  const drawOnServer = createDraw(SERVER_FAULTS, createRandom(seed, "server"));
  const draw = () => {
    if (isDeployed || Date.now() < half) return drawOnServer();
    isDeployed = true;
    return DEPLOYMENT;
  };
  const pause = (seconds: number) => wait(seconds * 1000, undefined, { signal }).catch(() => {});
  const run = async (random: Random, draw: () => Fault, pauses: readonly [number, number]) => {
    while (Date.now() < until && !signal.aborted) {
      await pause(random.between(...pauses));
      const { name, seconds, inject } = draw();
      const [from, length] = [Date.now(), random.between(...seconds)];
      const heal = await inject(world, random);
      await pause(length);
      const happened = typeof heal === "function" ? await heal() : true;
      injected.push({ name: happened === false ? `${name}, in vain` : name, from, to: Date.now() });
    }
  };
  const edge = createDraw(EDGE_FAULTS, createRandom(seed, "edge"));
  return {
    injected,
    lanes: [run(createRandom(seed, "server moments"), draw, [0.3, 1.5]), run(createRandom(seed, "edge moments"), edge, [0.1, 1.5])],
  };
}

/** Draws from a bag that holds each fault as often as its weight says, and is filled again when it is empty: so no fault is left out. */
function createDraw(faults: readonly Fault[], random: Random): () => Fault {
  let bag: Fault[] = [];
  return () => {
    if (bag.length === 0) bag = random.shuffle(faults.flatMap((fault) => Array<Fault>(fault.weight).fill(fault)));
    return bag.pop() as Fault;
  };
}
