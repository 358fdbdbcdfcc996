import type { QueueState } from "../targets/queue.ts";

/** What one read returned, or in a few words why it failed: each by itself, so that one refusal hides nothing else. */
export type Result<T> = { readonly value: T } | { readonly failed: string };

/** The state of a pipeline, deployed or local; members that do not exist there are absent. Times are milliseconds since 1970. */
export interface StatusReport {
  readonly stack?: { readonly status: string; readonly changed: number | null };
  readonly eventSource?: Result<EventSource>;
  readonly health?: Result<Health>;
  /** The newest failure of a whole batch that the function could log. */
  readonly lastFailure?: Result<Failure | NoFailure>;
  readonly traffic?: Result<Traffic>;
  readonly lag?: Result<Lag>;
  readonly queue?: Result<QueueState>;
  /** null: there is no dead-letter queue, or none is known. */
  readonly deadLetters?: Result<QueueState | null>;
  /** Messages by the code of their rejection. */
  readonly rejected?: Result<Readonly<Record<string, number>>>;
  readonly rows?: Result<Rows>;
  /** The function's newest lines, oldest first. */
  readonly logLines?: Result<readonly LogLine[]>;
}

export interface EventSource {
  /** Creating, Enabling, Enabled, Disabling, Disabled, Updating, Updated or Deleting. */
  readonly state: string;
  readonly reason: string | null;
  readonly lastResult: string | null;
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

/** What the function did lately. Lambda counts invocations, those that died included; the function counts messages. */
export interface Traffic {
  readonly invocations: number;
  readonly errors: number;
  /** Duplicates included: they are in the table. */
  readonly stored: number;
  /** Redelivered ones included. */
  readonly rejected: number;
  /** Not tried for lack of time. */
  readonly unsettled: number;
}

export interface Lag {
  /** The longest time from a message's sending to its commit, in milliseconds; null if nothing was committed. */
  readonly commit: number | null;
  /** The age of the oldest message in the queue, in seconds; null if SQS reports none, as for an empty queue. */
  readonly oldest: number | null;
}

export interface Rows {
  readonly table: string;
  readonly count: number;
  /** True if counting ended at `count`. */
  readonly isMore: boolean;
}

/** A line of the function's log. */
export interface LogLine {
  readonly at: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** How far back the figures reach, in milliseconds. */
export const LOOK_BACK = { traffic: 15 * 60_000, failures: 24 * 3_600_000, rejected: 14 * 24 * 3_600_000 } as const;
