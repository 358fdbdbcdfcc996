/** `quick` checks correctness in under a minute; `full` gives the figures; `long` adds a table of ten million rows. */
export type Scale = "quick" | "full" | "long";

/** One of the things that are measured side by side. */
export interface Variant {
  readonly name: string;
  /** Batches per run; a slow variant takes fewer. */
  readonly batches: number;
  /** Not timed. */
  before?(): Promise<void>;
  /** Timed. */
  run(): Promise<void>;
  /** Not timed. @param repetition negative during the warm-up */
  after?(repetition: number): Promise<void>;
}

export interface Plan {
  /** Untimed repetitions at the beginning. */
  readonly warmUps: number;
  /** The maximum number of timed repetitions. */
  readonly repetitions: number;
  /** Seconds after which no further repetition begins, once there are {@link MIN_REPETITIONS}. */
  readonly seconds: number;
  /** Prepares a repetition; not timed. */
  arrange?(): Promise<void>;
}

/** Milliseconds per batch: by the variant's name, one sample per repetition. */
export type Samples = ReadonlyMap<string, readonly number[]>;

/** Fewer repetitions do not show the spread. */
const MIN_REPETITIONS = 3;

/** @param seconds of a full run; a quick run takes the minimum of repetitions */
export function createPlan(scale: Scale, seconds: number, repetitions = 15): Plan {
  return scale === "quick" ? { warmUps: 1, repetitions: MIN_REPETITIONS, seconds: 0 } : { warmUps: 2, repetitions, seconds };
}

/**
 * Runs the variants in turns, and begins each repetition with another one: whatever slows the machine down for a while slows all of
 * them. The garbage of the previous run is collected first if `--expose-gc` allows it. The
 * collection is a minor one: a full one discards optimised code, which does not happen between two batches of a running function.
 * @param now the clock, in milliseconds
 */
export async function interleave(variants: readonly Variant[], plan: Plan, now = () => performance.now()): Promise<Samples> {
  const samples = new Map(variants.map(({ name }) => [name, [] as number[]]));
  const end = now() + plan.seconds * 1000;
  for (let repetition = -plan.warmUps; repetition < plan.repetitions; repetition++) {
    if (repetition >= MIN_REPETITIONS && now() >= end) break;
    await plan.arrange?.();
    for (const variant of rotate(variants, repetition + plan.warmUps)) {
      const sample = await time(variant, repetition, now);
      if (repetition >= 0) samples.get(variant.name)?.push(sample);
    }
  }
  return samples;
}

async function time(variant: Variant, repetition: number, now: () => number): Promise<number> {
  await variant.before?.();
  globalThis.gc?.({ type: "minor", execution: "sync" });
  const start = now();
  await variant.run();
  const sample = (now() - start) / variant.batches;
  await variant.after?.(repetition);
  return sample;
}

/** Begins with another item each time, and goes backwards every second round, so that the neighbours change as well. */
function rotate<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  const rotated = [...items.slice(start), ...items.slice(0, start)];
  return Math.floor(by / items.length) % 2 === 0 ? rotated : rotated.toReversed();
}

/** Rows per second at each repetition. @param size rows per batch */
export function toRates(samples: Samples, name: string, size: number): number[] {
  return toTimes(samples, name).map((ms) => (size * 1000) / ms);
}

/** Milliseconds per batch at each repetition. @throws TypeError for a variant that was not measured */
export function toTimes(samples: Samples, name: string): readonly number[] {
  const found = samples.get(name);
  if (!found) throw new TypeError(`There are no samples of ${name}.`);
  return found;
}
