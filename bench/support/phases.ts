import pg from "pg";
// Declares what pg has for COPY and its types leave out.
import type {} from "../../lambda/postgres/copy.ts";
import { rangeOf } from "../figures.ts";

/** What a COPY took, in microseconds. */
export interface Phases {
  readonly whole: number;
  /** From the call until the command is handed to the socket; the others each from the one before. */
  readonly untilCommand: number;
  readonly untilCopyDone: number;
  readonly untilAnswer: number;
}

/** Takes the times of a COPY, whoever sends it. */
export type Watch = (work: () => Promise<unknown>) => Promise<Phases>;

/** Lets every connection of this process note when it sends a COPY; that costs two readings of the clock. Once in a process. */
export function watchCopies(): Watch {
  let [command, copyDone] = [0, 0];
  const { query, endCopyFrom } = pg.Connection.prototype;
  pg.Connection.prototype.query = function (text) {
    command = performance.now();
    query.call(this, text);
  };
  pg.Connection.prototype.endCopyFrom = function () {
    copyDone = performance.now();
    endCopyFrom.call(this);
  };
  return async (work) => {
    const start = performance.now();
    await work();
    const end = performance.now();
    const between = (from: number, to: number) => (to - from) * 1_000;
    return {
      whole: between(start, end),
      untilCommand: between(start, command),
      untilCopyDone: between(command, copyDone),
      untilAnswer: between(copyDone, end),
    };
  };
}

/** Of each phase its median; so they do not quite add up. */
export function mediansOf(all: readonly Phases[]): Phases {
  const median = (phase: keyof Phases) => rangeOf(all.map((phases) => phases[phase])).median;
  return {
    whole: median("whole"),
    untilCommand: median("untilCommand"),
    untilCopyDone: median("untilCopyDone"),
    untilAnswer: median("untilAnswer"),
  };
}
