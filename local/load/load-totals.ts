import type { Outcome } from "../../lambda/rows/outcome.ts";
import type { RejectedLine } from "./file-progress.ts";

/** The lines of a run, counted. No line is kept, so the memory does not grow with them. */
export class LoadTotals {
  readonly counts: Record<Outcome["kind"], number> = { stored: 0, duplicate: 0, rejected: 0, skipped: 0, unsettled: 0 };
  readonly #rejections = new Map<string, { code: string; field: string | null; lines: number }>();
  /** Batches whose rejections and unknown fields could not be written to their tables. */
  unwrittenFindings = 0;

  count(outcome: Outcome["kind"]): void {
    this.counts[outcome]++;
  }

  reject({ code, field }: RejectedLine): void {
    this.counts.rejected++;
    const known = this.#rejections.get(`${code} ${field}`);
    this.#rejections.set(`${code} ${field}`, { code, field, lines: (known?.lines ?? 0) + 1 });
  }

  get lines(): number {
    const { stored, duplicate, rejected, skipped } = this.counts;
    return stored + duplicate + rejected + skipped;
  }

  /** The reasons of the rejections, the most frequent first. */
  get rejections() {
    return [...this.#rejections.values()].sort((a, b) => b.lines - a.lines);
  }
}
