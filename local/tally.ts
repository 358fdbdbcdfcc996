import type { IngestError } from "../lambda/errors.ts";
import type { BatchReport, Outcome, Reporter } from "../lambda/ingest/report.ts";

export interface RejectedLine {
  messageId: string;
  code: string;
  field: string | null;
}

/** What a run came to, over distinct messages: a message that is delivered three times counts once. */
export class Tally implements Reporter {
  readonly #outcomes = new Map<string, Outcome>();
  readonly #rejections = new Map<string, RejectedLine>();
  readonly hints = new Set<string>();
  /** What made the latest batch fail as a whole. */
  failure: IngestError | undefined;
  rejectionsLost = 0;

  begin(): void {}

  batch({ outcomes, rejected }: BatchReport): void {
    this.failure = undefined;
    for (const { messageId, outcome } of outcomes) {
      // A redelivery of what this run has stored is no news.
      if (this.#outcomes.get(messageId) !== "stored") this.#outcomes.set(messageId, outcome);
      if (outcome !== "rejected") this.#rejections.delete(messageId);
    }
    for (const { messageId, code, field, hint } of rejected) {
      this.#rejections.set(messageId, { messageId, code, field });
      if (hint) this.hints.add(hint);
    }
  }

  rejectionsNotWritten(): void {
    this.rejectionsLost++;
  }

  failed(error: IngestError): void {
    this.failure = error;
  }

  flush(): void {}

  get received(): number {
    return this.#outcomes.size;
  }

  get rejections(): RejectedLine[] {
    return [...this.#rejections.values()];
  }

  count(outcome: Outcome): number {
    return [...this.#outcomes.values()].filter((each) => each === outcome).length;
  }

  /** Messages that need no further delivery. */
  get settled(): number {
    return this.count("stored") + this.count("duplicate");
  }
}
