/** One of the things that are measured side by side. */
export interface Variant {
  readonly name: string;
  /** Batches that one run goes through; a slow variant takes fewer. */
  readonly batches: number;
  /** Not timed. */
  before?(): Promise<void>;
  /** Timed. */
  run(): Promise<void>;
  /** Not timed. @param repetition negative while warming up */
  after?(repetition: number): Promise<void>;
}

export interface Plan {
  /** Untimed repetitions at the beginning. */
  readonly warmUps: number;
  /** The most repetitions. */
  readonly repetitions: number;
  /** Seconds after which no further repetition begins, once there are {@link LEAST}. */
  readonly seconds: number;
  /** Not timed: makes what the repetition's runs need. */
  arrange?(): Promise<void>;
}

/** What one run took, in milliseconds a batch. */
export interface Sample {
  readonly ms: number;
  /** Of this process, all its threads. */
  readonly cpuMs: number;
}

/** By the variant's name, one for each repetition. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

/** Milliseconds: on the wall, and of processor time. */
export interface Clock {
  wall(): number;
  cpu(): number;
}

const CLOCK: Clock = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/** Fewer repetitions say nothing of the spread. */
const LEAST = 3;

/**
 * Runs the variants in turns, each repetition beginning with another one: what slows the machine down for a while slows all of them,
 * and none always follows the same other. Garbage of the one before is collected first, where `--expose-gc` allows it; by a minor
 * collection, because a full one throws away the optimised code of all objects of which none is alive just then, and no running
 * function meets that between two batches.
 */
export async function interleave(variants: readonly Variant[], plan: Plan, clock: Clock = CLOCK): Promise<Samples> {
  const samples = new Map(variants.map(({ name }) => [name, [] as Sample[]]));
  const end = clock.wall() + plan.seconds * 1000;
  for (let repetition = -plan.warmUps; repetition < plan.repetitions; repetition++) {
    if (repetition >= LEAST && clock.wall() >= end) break;
    await plan.arrange?.();
    for (const variant of rotated(variants, repetition + plan.warmUps)) {
      const sample = await time(variant, repetition, clock);
      if (repetition >= 0) samples.get(variant.name)?.push(sample);
    }
  }
  return samples;
}

async function time(variant: Variant, repetition: number, clock: Clock): Promise<Sample> {
  await variant.before?.();
  globalThis.gc?.({ type: "minor", execution: "sync" });
  const [wall, cpu] = [clock.wall(), clock.cpu()];
  await variant.run();
  const sample = { ms: (clock.wall() - wall) / variant.batches, cpuMs: (clock.cpu() - cpu) / variant.batches };
  await variant.after?.(repetition);
  return sample;
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** Rows a second at each repetition. @param rows in a batch */
export function ratesOf(samples: Samples, name: string, rows: number): number[] {
  return samplesOf(samples, name).map(({ ms }) => (rows * 1000) / ms);
}

export function samplesOf(samples: Samples, name: string): readonly Sample[] {
  const found = samples.get(name);
  if (!found) throw new TypeError(`nothing called ${name} was measured`);
  return found;
}
