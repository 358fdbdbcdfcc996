import type { ClientConfig } from "pg";
import type { Figure } from "./figures.ts";
import type { Plot } from "./report/plots.ts";

/** `quick` checks that all is right in under a minute; `full` is what the figures are taken from; `long` adds the table of ten million rows. */
export type Scale = "quick" | "full" | "long";

/** What a part of the benchmark works with. */
export interface Bench {
  /** A server of the benchmark's own; the database holds what the migrations made. */
  readonly postgres: ClientConfig;
  readonly scale: Scale;
  /** Tells the terminal what is being measured. */
  say(what: string): void;
}

/** What a part came to. */
export interface PartResult {
  readonly figures: readonly Figure[];
  /** Sentences that belong beneath the figures. */
  readonly notes?: readonly string[];
  /** Drawn of something else than the figures, which have theirs. */
  readonly plots?: readonly Plot[];
}

/** @throws WrongRows where a table does not hold what it should */
export type RunPart = (bench: Bench) => Promise<PartResult>;
