import type { QueueState } from "../emulators/sqs.ts";

/** What was learned of one thing, or in a few words why it could not be: each by itself, so that one refusal hides nothing else. */
export type Answer<T> = { readonly value: T } | { readonly failed: string };

/** What is known of a pipeline, deployed or local; what does not exist where one looks is absent. Times are milliseconds since 1970. */
export interface Facts {
  readonly stack?: { readonly status: string; readonly changed: number | null };
  readonly eventSource?: Answer<EventSource>;
  readonly health?: Answer<Health>;
  /** The newest failure of a whole batch that the function could log. */
  readonly lastFailure?: Answer<Failure | NoFailure>;
  readonly traffic?: Answer<Traffic>;
  readonly lag?: Answer<Lag>;
  readonly queue?: Answer<QueueState>;
  /** null: there is no dead-letter queue, or none that is named. */
  readonly deadLetters?: Answer<QueueState | null>;
  /** Messages by the code of their rejection. */
  readonly rejected?: Answer<Readonly<Record<string, number>>>;
  readonly rows?: Answer<Rows>;
  /** The function's newest lines, oldest first. */
  readonly logLines?: Answer<readonly LogLine[]>;
}

export interface EventSource {
  /** Creating, Enabling, Enabled, Disabling, Disabled, Updating, Updated or Deleting. */
  readonly state: string;
  readonly reason: string | null;
  readonly lastResult: string | null;
}

/** What a call of the function with an empty batch came to. `failure`: null where table and masking key fit. */
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

/** Milliseconds that were searched without finding one. */
export interface NoFailure {
  readonly noneIn: number;
}

/** What the function did lately. Invocations are counted by Lambda, which also sees those that died; messages by the function. */
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
  /** The longest time from a message's sending to its commit, in milliseconds; null where nothing was committed. */
  readonly commit: number | null;
  /** The age of the oldest message in the queue, in seconds; null where SQS tells none, as of an empty queue. */
  readonly oldest: number | null;
}

export interface Rows {
  readonly table: string;
  readonly count: number;
  /** True where counting was given up at `count`. */
  readonly isMore: boolean;
}

/** A line of the function's log. */
export interface LogLine {
  readonly at: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** How far back one looks, in milliseconds. */
export const LOOK_BACK = { lag: 15 * 60_000, traffic: 15 * 60_000, failures: 24 * 3_600_000, rejected: 14 * 24 * 3_600_000 } as const;
