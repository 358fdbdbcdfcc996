import * as errors from "../errors.ts";
import type { DeadLetter } from "./dead-letters.ts";
import type { Reason } from "./reason.ts";

/** The options that choose messages; together they choose those that fit all. */
export interface Choice {
  code?: string;
  id?: string;
  all: boolean;
}

/** Makes the test of a choice. @throws UserError if it chooses nothing */
export function createChoice({ code, id, all }: Choice): (message: DeadLetter, reason: Reason) => boolean {
  if (code === undefined && id === undefined && !all) throw errors.nothingChosen();
  return ({ MessageId }, reason) => (code === undefined || reason.code === code) && (id === undefined || MessageId === id);
}
