import { hash } from "node:crypto";

export type Random = ReturnType<typeof createRandom>;

/** Numbers that a seed repeats. Each stream has its own, so that the messages stay equal whatever faults are drawn. */
export function createRandom(seed: number, stream: string) {
  let drawn = 0;
  /** An integer from 0 to `limit` - 1. */
  const below = (limit: number) => hash("sha256", `${seed}/${stream}/${drawn++}`, "buffer").readUIntBE(0, 6) % limit;
  return {
    below,
    /** A number from `min` to `max`, in steps of a thousandth. */
    between: (min: number, max: number) => min + ((max - min) * below(1001)) / 1000,
    /** True once in `n`. */
    oneIn: (n: number) => below(n) === 0,
    pick: <T>(items: readonly T[]) => items[below(items.length)] as T,
    shuffle<T>(items: readonly T[]): T[] {
      const keyed = items.map((item) => ({ item, key: below(2 ** 32) }));
      return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
    },
    hex: (digits: number) => Array.from({ length: digits }, () => below(16).toString(16)).join(""),
  };
}
