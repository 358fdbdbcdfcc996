import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as errors from "../errors.ts";
import type { Line } from "./line.ts";
import type { LineRejection } from "./records.ts";

/** A line that was not stored. */
export interface RejectedLine extends LineRejection {
  readonly line: Line;
}

/** What is kept of a file between runs. */
interface Checkpoint {
  /** Every line up to this one is settled: stored, rejected or skipped. */
  readonly line: number;
  /** The length of the file of rejected lines that belongs to these. */
  readonly rejectedBytes: number;
  readonly isDone: boolean;
}

const START: Checkpoint = { line: 0, rejectedBytes: 0, isDone: false };

/** Milliseconds between two checkpoints. What a killed run stored since the last one is stored by the next one as duplicates. */
const PAUSE = 500;

/**
 * How far a file is loaded, and the file of its rejected lines. Batches settle in any order, but are noted in the order of the file, so
 * that the next run of a killed one goes on at one line, and rejected lines stand in that file once.
 */
export class FileProgress {
  readonly #file: string;
  readonly #rejects: string;
  readonly #settled = new Map<number, { readonly last: number; readonly rejected: readonly RejectedLine[] }>();
  #checkpoint: Checkpoint;
  #batch = 0;
  #saved = 0;

  /**
   * @param folder of the checkpoints
   * @param identity what the file, the target and the options are: if one of them changes, the load starts anew
   * @param rejects the file of the rejected lines
   * @throws UserError if that file exists and is not that of the load that is resumed
   */
  constructor(folder: string, identity: readonly unknown[], rejects: string) {
    this.#file = join(folder, `${createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 32)}.json`);
    this.#rejects = rejects;
    this.#checkpoint = existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, "utf8")) : START;
    if (!existsSync(this.#file) && existsSync(rejects)) throw errors.existingRejects(rejects);
  }

  get line(): number {
    return this.#checkpoint.line;
  }

  get isDone(): boolean {
    return this.#checkpoint.isDone;
  }

  get hasRejects(): boolean {
    return this.#checkpoint.rejectedBytes > 0;
  }

  /** Removes the rejected lines that a killed run wrote after its checkpoint. They will be rejected again. */
  begin(): void {
    const size = existsSync(this.#rejects) ? statSync(this.#rejects).size : 0;
    const rejectedBytes = Math.min(size, this.#checkpoint.rejectedBytes);
    if (rejectedBytes > 0) truncateSync(this.#rejects, rejectedBytes);
    else rmSync(this.#rejects, { force: true });
    this.#save({ ...this.#checkpoint, rejectedBytes });
  }

  /** @param batch its number, from 0 in this run @param last the number of its last line */
  settle(batch: number, last: number, rejected: readonly RejectedLine[]): void {
    this.#settled.set(batch, { last, rejected });
    for (let next = this.#settled.get(this.#batch); next; next = this.#settled.get(++this.#batch)) {
      this.#settled.delete(this.#batch);
      const rejectedBytes = this.#checkpoint.rejectedBytes + this.#append(next.rejected);
      this.#checkpoint = { line: next.last, rejectedBytes, isDone: false };
    }
    if (Date.now() - this.#saved > PAUSE) this.save();
  }

  save(isDone = false): void {
    this.#save({ ...this.#checkpoint, isDone });
  }

  /** Forgets the file, at the end of a run that has loaded all files. */
  forget(): void {
    rmSync(this.#file, { force: true });
  }

  /** @returns the number of bytes @throws UserError if they cannot be written */
  #append(rejected: readonly RejectedLine[]): number {
    if (rejected.length === 0) return 0;
    const text = rejected.map(({ line, code, field, sqlstate }) =>
      toJsonLine({ line: line.number, code, field, sqlstate, body: line.raw }),
    );
    const bytes = Buffer.from(text.join(""), "utf8");
    try {
      // The first write fails if another file or a link is in its place.
      appendFileSync(this.#rejects, bytes, { mode: 0o600, flag: this.hasRejects ? "a" : "ax" });
    } catch (error) {
      throw errors.unusableRejects(this.#rejects, (error as NodeJS.ErrnoException).code);
    }
    return bytes.length;
  }

  #save(checkpoint: Checkpoint): void {
    this.#checkpoint = checkpoint;
    this.#saved = Date.now();
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(`${this.#file}.new`, JSON.stringify(checkpoint), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** Without the members that are null. */
function toJsonLine(members: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)))}\n`;
}
