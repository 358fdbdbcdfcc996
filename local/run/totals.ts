import type { IngestError } from "../../lambda/errors.ts";
import type { BatchReport, Reporter } from "../../lambda/ingest/report.ts";
import type { Outcome } from "../../lambda/rows/outcome.ts";
import type { RejectedMessage } from "../../lambda/rows/row-store.ts";

/** A message's latest rejection. */
type RejectionLine = Pick<RejectedMessage, "messageId" | "code" | "field">;

const MAX_FIRST_STORED = 5;

/** Totals of a run, over distinct messages: a message that is delivered three times counts once. */
export class RunTotals implements Reporter {
  readonly #outcomes = new Map<string, Outcome["kind"]>();
  readonly #counts: Record<Outcome["kind"], number> = { stored: 0, duplicate: 0, rejected: 0, skipped: 0, unsettled: 0 };
  readonly #rejections = new Map<string, RejectionLine>();
  /** Ids of the first messages that were stored. */
  readonly firstStored: string[] = [];
  /** Batches whose rejections and unknown fields could not be written to their tables. */
  unwrittenFindings = 0;
  #failure: IngestError | undefined;

  begin(): void {}

  batch({ outcomes, rejected }: BatchReport): void {
    for (const { messageId, outcome } of outcomes) this.#count(messageId, outcome);
    for (const { messageId, code, field } of rejected) this.#rejections.set(messageId, { messageId, code, field });
  }

  findingsNotWritten(): void {
    this.unwrittenFindings++;
  }

  failed(error: IngestError): void {
    this.#failure = error;
  }

  /** The newest failure of a batch, or of its part for one table, since the last call. */
  takeFailure(): IngestError | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  get received(): number {
    return this.#outcomes.size;
  }

  get rejections(): RejectionLine[] {
    return [...this.#rejections.values()];
  }

  count(outcome: Outcome["kind"]): number {
    return this.#counts[outcome];
  }

  /** Ignores redeliveries of messages that this run has stored. */
  #count(messageId: string, outcome: Outcome["kind"]): void {
    const before = this.#outcomes.get(messageId);
    if (before === "stored") return;
    if (before) this.#counts[before]--;
    this.#counts[outcome]++;
    this.#outcomes.set(messageId, outcome);
    if (outcome === "stored" && this.firstStored.length < MAX_FIRST_STORED) this.firstStored.push(messageId);
    if (outcome !== "rejected") this.#rejections.delete(messageId);
  }
}
