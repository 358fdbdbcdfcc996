import type { IngestError } from "../../lambda/errors.ts";
import type { BatchReport, Reporter } from "../../lambda/ingest/report.ts";
import type { Outcome } from "../../lambda/rows/outcome.ts";

export interface RejectedLine {
  messageId: string;
  code: string;
  field: string | null;
}

const MOST_FIRST = 5;

/** What a run came to, over distinct messages: a message that is delivered three times counts once. */
export class RunTotals implements Reporter {
  readonly #outcomes = new Map<string, Outcome["kind"]>();
  readonly #counts: Record<Outcome["kind"], number> = { stored: 0, duplicate: 0, rejected: 0, unsettled: 0 };
  readonly #rejections = new Map<string, RejectedLine>();
  /** What made the latest batch fail as a whole. */
  failure: IngestError | undefined;
  /** Ids of the first messages that were stored. */
  readonly firstStored: string[] = [];
  /** Batches whose reasons could not be written to `rejections`. */
  rejectionsLost = 0;

  begin(): void {}

  batch({ outcomes, rejected }: BatchReport): void {
    this.failure = undefined;
    for (const { messageId, outcome } of outcomes) this.#note(messageId, outcome);
    for (const { messageId, code, field } of rejected) this.#rejections.set(messageId, { messageId, code, field });
  }

  rejectionsNotWritten(): void {
    this.rejectionsLost++;
  }

  failed(error: IngestError): void {
    this.failure = error;
  }

  get received(): number {
    return this.#outcomes.size;
  }

  get rejections(): RejectedLine[] {
    return [...this.#rejections.values()];
  }

  count(outcome: Outcome["kind"]): number {
    return this.#counts[outcome];
  }

  /** A redelivery of what this run has stored is no news. */
  #note(messageId: string, outcome: Outcome["kind"]): void {
    const before = this.#outcomes.get(messageId);
    if (before === "stored") return;
    if (before) this.#counts[before]--;
    this.#counts[outcome]++;
    this.#outcomes.set(messageId, outcome);
    if (outcome === "stored" && this.firstStored.length < MOST_FIRST) this.firstStored.push(messageId);
    if (outcome !== "rejected") this.#rejections.delete(messageId);
  }
}
