import type { SQSRecord } from "aws-lambda";
import type { Tokenizer } from "../masking/tokens.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { RowSource } from "../postgres/copy.ts";
import type { Verdict } from "../postgres/isolate.ts";
import { type MaskedRow, mask } from "./mask.ts";
import type { Message, Rejection } from "./message.ts";
import { parse } from "./parse.ts";
import type { RecordOutcome } from "./report.ts";
import { idOf } from "./row-key.ts";
import { type Drift, DriftCount } from "./unknown-fields.ts";

/**
 * The rows of a batch in the order in which they are stored: by id, then date, each key once; two writers of the same rows in
 * opposite order would deadlock. An id is known before its body is read, so a record is parsed and masked only when its row is asked
 * for: the first rows are on their way to Postgres while the last ones are still text.
 */
export class BatchRows implements RowSource {
  readonly #pipeline: Pipeline;
  readonly #tokenize: Tokenizer;
  readonly #records: readonly Identified[];
  /** How many of the records are read. */
  #read = 0;
  readonly #rows: MaskedRow[] = [];
  /** For each row, the index of the record that it was made of. */
  readonly #sources: number[] = [];
  /** For each record that is read, by its index: the place of its row, or why it has none. */
  readonly #fates: (number | Rejection)[];
  readonly #drift = new DriftCount();
  #maskedAsText = 0;

  constructor(records: readonly SQSRecord[], pipeline: Pipeline, tokenize: Tokenizer) {
    this.#pipeline = pipeline;
    this.#tokenize = tokenize;
    this.#records = records.map((record, index) => identified(record, index, pipeline)).sort(byId);
    this.#fates = new Array(records.length);
  }

  /** The rows from `start` up to but without `end`; fewer where the batch ends before. */
  slice(start: number, end: number): readonly MaskedRow[] {
    while (this.#rows.length < end && !this.#isRead) this.#readNext();
    return this.#rows.slice(start, end);
  }

  /** Whether every record is read and no row stands at `place` or after it. */
  endBefore(place: number): boolean {
    return this.#isRead && this.#rows.length <= place;
  }

  all(): readonly MaskedRow[] {
    return this.slice(0, Number.POSITIVE_INFINITY);
  }

  /** What was counted in the records that are read. */
  get counts(): { unknownFields: Drift; maskedAsText: number } {
    return { unknownFields: this.#drift.drift, maskedAsText: this.#maskedAsText };
  }

  /**
   * What became of each record, in the batch's order.
   * @param verdicts one for each row, when all are read
   */
  outcomes(verdicts: readonly Verdict[]): RecordOutcome[] {
    return this.#fates.map((fate, index) => {
      if (typeof fate !== "number") return fate;
      const verdict = verdicts[fate] as Verdict;
      if (verdict.kind === "refused") {
        return { kind: "rejection", index, code: "refused_by_database", field: verdict.column ?? null, sqlstate: verdict.sqlstate };
      }
      // A record whose key another one of the batch had first shares that row's verdict, but is not stored twice.
      return verdict.kind === "stored" && this.#sources[fate] !== index ? { kind: "duplicate" } : verdict;
    });
  }

  get #isRead(): boolean {
    return this.#read === this.#records.length;
  }

  /** The next record and those with the same id; only they can have the same key, and only their dates tell their order. */
  #readNext(): void {
    const { id } = this.#records[this.#read] as Identified;
    const messages: Message[] = [];
    for (let next = this.#records[this.#read]; next?.id === id; next = this.#records[++this.#read]) {
      const parsed = parse(next.record, next.index, this.#pipeline);
      if (parsed.kind === "rejection") this.#fates[next.index] = parsed;
      else messages.push(parsed);
    }
    if (messages.length > 1) messages.sort(byDate);
    for (const message of messages) this.#add(message);
  }

  #add(message: Message): void {
    const last = this.#rows.at(-1)?.key;
    if (last?.id !== message.key.id || last.date !== message.key.date) {
      const row = mask(message, this.#pipeline, this.#tokenize);
      this.#maskedAsText += row.maskedAsText;
      this.#drift.add(message);
      this.#rows.push(row);
      this.#sources.push(message.index);
    }
    this.#fates[message.index] = this.#rows.length - 1;
  }
}

interface Identified {
  readonly id: string;
  readonly record: SQSRecord;
  readonly index: number;
}

/** A record whose id is wrong is rejected when it is read, wherever it stands. */
function identified(record: SQSRecord, index: number, pipeline: Pipeline): Identified {
  const id = idOf(record, pipeline);
  return { id: typeof id === "string" ? id : record.messageId, record, index };
}

function byId(a: Identified, b: Identified): number {
  return compare(a.id, b.id);
}

function byDate(a: Message, b: Message): number {
  return compare(a.key.date, b.key.date);
}

function compare(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
