import type { Sensitive } from "../masking/sensitive.ts";

/** What makes a row one row: the table's unique key. */
export interface RowKey {
  /** `YYYY-MM-DD`, UTC. */
  readonly date: string;
  readonly id: string;
}

/** A parsed message: its key in the open, everything out of its body sensitive. */
export interface Message {
  readonly kind: "message";
  /** Position of its record in the batch. */
  readonly index: number;
  readonly key: RowKey;
  /** One value for each column of the pipeline, in its order; the date column's stands in the key. */
  readonly values: Sensitive<readonly (string | null)[]>;
  /** Names in the body that the pipeline does not declare. A name can be a value too. */
  readonly unknownFields: Sensitive<readonly string[]>;
}

/** Why a message can never be stored. A table of policy: each code with what it means. */
export const REJECTION_CODES = {
  not_json: "the body is not JSON",
  not_an_object: "the body is JSON, but not an object",
  wrapped: "the body is an SNS or EventBridge envelope around the event",
  missing_field: "a required field is absent or null",
  wrong_type: "a field has a type that its column cannot take",
  too_long: "a text has more characters than its column",
  nul_character: "a text holds U+0000, which Postgres cannot store",
  lone_surrogate: "a text holds half of a surrogate pair, which is no character",
  bad_date: "a date is impossible or not ISO 8601",
  bad_event_id: "the event-id attribute does not match [A-Za-z0-9._:-]{1,128}",
  refused_by_database: "Postgres refused this row for its data",
} as const;

export type RejectionCode = keyof typeof REJECTION_CODES;

/** What is wrong with a record. */
export interface Fault {
  readonly code: RejectionCode;
  /** A field or attribute that the pipeline names, or a column; never a value. */
  readonly field: string | null;
  /** What to change in the pipeline, where that would let the message through. */
  readonly hint?: string | undefined;
}

export interface Rejection extends Fault {
  readonly kind: "rejection";
  readonly index: number;
  readonly sqlstate?: string | undefined;
}
