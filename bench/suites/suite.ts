import type { ClientConfig } from "pg";
import type { Scale } from "../measure.ts";
import type { Figure } from "../report/figures.ts";

/** In the order in which they run; each is a file beside this one. */
export const SUITE_NAMES = ["store", "mask", "distance", "mixed", "growth", "start"] as const;

export type SuiteName = (typeof SUITE_NAMES)[number];

/** What a suite gets. */
export interface SuiteContext {
  /** The benchmark's own server; the migrations have run in its database. */
  readonly postgres: ClientConfig;
  readonly scale: Scale;
}

/**
 * What the file of each suite exports as `measure`. It runs in its own process, whose end closes its connections.
 * @throws WrongRows if a table that it wrote to does not hold what it should
 */
export type Suite = (context: SuiteContext) => Promise<Figure[]>;
