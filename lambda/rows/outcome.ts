import type { MaskedRow } from "./masked-row.ts";

/** The reasons for which a message can never be stored: each code with its meaning. */
export const REJECTION_CODES = {
  not_json: "the body is not JSON",
  not_an_object: "the body is JSON, but not an object",
  wrapped: "the event is inside an SNS or EventBridge envelope",
  missing_field: "a required field is absent or null",
  wrong_type: "a field has a type that its column cannot take",
  too_long: "a text has more characters than its column",
  nul_character: "a text contains U+0000, which Postgres cannot store",
  lone_surrogate: "a text contains half of a surrogate pair, which is not a character",
  out_of_range: "a number is too large, too small or too precise for its column",
  not_allowed: "a text is not one of those that its column takes",
  bad_date: "a date or timestamp is impossible, not ISO 8601 or outside its column's limits",
  bad_event_id: "the event-id attribute does not match [A-Za-z0-9._:-]{1,128}",
  no_pipeline: "no pipeline of the queue takes the message",
  no_partition: "the table has no partition for the row's date",
  refused_by_database: "Postgres refused the row for its data; see sqlstate",
} as const;

export type RejectionCode = keyof typeof REJECTION_CODES;

export interface Rejection {
  readonly kind: "rejected";
  readonly code: RejectionCode;
  /** A field or attribute that the pipeline names, or a column; never a value. */
  readonly field: string | null;
  /** The error code of the database, if it refused the row and returned one. */
  readonly sqlstate: string | null;
}

/** The outcome of a record. `skipped`: no pipeline stores it, as the queue declares. `unsettled`: no step settled it, for lack of time or after a fault; SQS delivers it again. */
export type Outcome =
  | { readonly kind: "stored" }
  | { readonly kind: "duplicate" }
  | Rejection
  | { readonly kind: "skipped" }
  | { readonly kind: "unsettled" };

export const STORED: Outcome = { kind: "stored" };
export const DUPLICATE: Outcome = { kind: "duplicate" };
export const SKIPPED: Outcome = { kind: "skipped" };
export const UNSETTLED: Outcome = { kind: "unsettled" };

export function reject(code: RejectionCode, field: string | null = null, sqlstate: string | null = null): Rejection {
  return { kind: "rejected", code, field, sqlstate };
}

/** A row with its outcome. */
export interface SettledRow {
  readonly row: MaskedRow;
  readonly outcome: Outcome;
}
