import type { EventSource } from "../aws/function.ts";
import type { Lag, Traffic } from "../aws/metrics.ts";
import type { IngestStack } from "../aws/stack.ts";
import type { QueueState } from "../targets/queue.ts";
import type { Rows } from "./services.ts";
import type { UnknownFields } from "./unknown-fields.ts";

/** What one read returned, or in a few words why it failed: each by itself, so that one refusal hides nothing else. */
export type Result<T> = { readonly value: T } | { readonly failed: string };

/** The state of a pipeline, deployed or local; members that do not exist there are absent. Times are milliseconds since 1970. */
export interface StatusReport {
  readonly stack?: Pick<IngestStack, "status" | "changed">;
  readonly eventSource?: Result<EventSource>;
  readonly health?: Result<Health>;
  /** The newest failure of a whole batch that the function could log. */
  readonly lastFailure?: Result<Failure | NoFailure>;
  readonly traffic?: Result<Traffic>;
  readonly lag?: Result<Lag>;
  readonly queue?: Result<QueueState>;
  /** null: there is no dead-letter queue, or none is known. */
  readonly deadLetters?: Result<QueueState | null>;
  /** Messages by the code of their rejection; in the database of a shared queue, by pipeline and code. */
  readonly rejected?: Result<Readonly<Record<string, number>>>;
  readonly unknownFields?: Result<UnknownFields>;
  /** Of each pipeline's table. */
  readonly rows?: readonly Result<Rows>[];
  /** The function's newest lines, oldest first. */
  readonly logLines?: Result<readonly LogLine[]>;
}

/** The result of an invocation with an empty batch. `failure`: null if table and masking key fit. */
export interface Health {
  readonly seconds: number;
  readonly failure: Omit<Failure, "at"> | null;
}

export interface Failure {
  readonly at: number;
  readonly code: string;
  readonly sqlstate: string | null;
  readonly reason: string;
}

/** Milliseconds of the log that hold no failure. */
export interface NoFailure {
  readonly noneIn: number;
}

/** A line of the function's log. */
export interface LogLine {
  readonly at: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** How far back the figures reach, in milliseconds. */
export const LOOK_BACK = { traffic: 15 * 60_000, failures: 24 * 3_600_000, rejected: 14 * 24 * 3_600_000 } as const;
