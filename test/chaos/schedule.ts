import { setTimeout as wait } from "node:timers/promises";
import { interrupted } from "../../local/terminal/signals.ts";
import { DEPLOYMENT, EDGE_FAULTS, type Fault, SERVER_FAULTS, type World } from "./faults.ts";
import { createRandom, type Random } from "./random.ts";

/** A fault as it was injected; times in milliseconds since 1970. */
export interface Injected {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Injects faults until a time, and heals each. @param seed repeats their order, their lengths and the pauses between them */
export async function injectFaults(world: World, seed: number, until: number): Promise<Injected[]> {
  const injected: Injected[] = [];
  const half = (Date.now() + until) / 2;
  let isDeployed = false;
  const onServer = createDraw(SERVER_FAULTS, createRandom(seed, "server"));
  const drawOnServer = () => {
    if (isDeployed || Date.now() < half) return onServer();
    isDeployed = true;
    return DEPLOYMENT;
  };
  const run = async (stream: string, draw: () => Fault, pauses: readonly [number, number]) => {
    const random = createRandom(seed, `${stream} moments`);
    while (Date.now() < until && !interrupted.aborted) {
      await pause(random.between(...pauses));
      injected.push(await injectFault(draw(), world, random));
    }
  };
  await Promise.all([run("server", drawOnServer, [0.5, 3]), run("edge", createDraw(EDGE_FAULTS, createRandom(seed, "edge")), [0.1, 1.5])]);
  return injected;
}

/** Draws from a bag that holds each fault as often as its weight says, and is filled again when it is empty: so no fault is left out. */
function createDraw(faults: readonly Fault[], random: Random): () => Fault {
  let bag: Fault[] = [];
  return () => {
    if (bag.length === 0) bag = random.shuffle(faults.flatMap((fault) => Array<Fault>(fault.weight).fill(fault)));
    return bag.pop() as Fault;
  };
}

async function injectFault({ name, seconds, inject }: Fault, world: World, random: Random): Promise<Injected> {
  const from = Date.now();
  const length = random.between(...seconds);
  const heal = await inject(world, random);
  await pause(length);
  await heal?.();
  return { name, from, to: Date.now() };
}

const pause = (seconds: number) => wait(seconds * 1000, undefined, { signal: interrupted }).catch(() => {});
