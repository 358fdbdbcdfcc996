import type { Deadline } from "../deadline.ts";
import type { MaskedRow } from "./masked-row.ts";
import type { Rejection, SettledRow } from "./outcome.ts";

/** Proof of the key that makes an identifier's tokens. */
export interface KeyProof {
  /** `ip` for the domain `main`, `ads/ip` for another domain, `user_logins.ip` for a table. */
  readonly identifier: string;
  readonly version: string;
  readonly checkValue: string;
}

/**
 * The rows of a batch, each key once. Both iterables are ordered by id, then date, and can be drawn once. A row is parsed and masked when
 * the store draws it.
 */
export interface RowBatch {
  readonly fresh: Iterable<MaskedRow>;
  /** Rows that have probably been stored or refused before. */
  readonly repeated: Iterable<MaskedRow>;
}

/** A rejected delivery of a message. It holds no value of the message. */
export interface RejectedMessage extends Rejection {
  readonly messageId: string;
  readonly receiveCount: number;
}

/** What the analyst and the operator should see of a batch, besides its rows: a row for each rejected delivery and unknown field. */
export interface Findings {
  /** The pipeline, or for messages that belong to none the queue. */
  readonly pipeline: string;
  readonly rejected: readonly RejectedMessage[];
  /** Names of undeclared fields, and the number of messages that have each. */
  readonly unknownFields: { readonly names: readonly string[]; readonly messages: readonly number[] };
}

/** Stores the rows of one pipeline. The stages know only this contract. */
export interface RowStore {
  /**
   * Compares the declaration and the masking keys with the database; called before the first batch of a container.
   * @throws IngestError if they do not match, or the database is not available
   */
  check(proofs: readonly KeyProof[], deadline: Deadline): Promise<void>;
  /**
   * Stores each row once.
   * @returns the rows that are settled: `stored` and `duplicate` are committed. A row that is missing here is not settled.
   * @throws IngestError if the failure concerns more than a row; nothing may then be reported as done
   */
  storeRows(batch: RowBatch, deadline: Deadline): Promise<readonly SettledRow[]>;
  /** Appends what a batch's report found besides rows. @throws IngestError */
  appendFindings(findings: Findings, deadline: Deadline): Promise<void>;
}
