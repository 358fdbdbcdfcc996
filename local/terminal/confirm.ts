import { createInterface } from "node:readline/promises";
import * as errors from "../errors.ts";
import { interrupted } from "./signals.ts";

/** A service that a command works on. */
export interface Target {
  /** Its name in output and errors. */
  readonly label: string;
  readonly isLoopback: boolean;
}

/**
 * Asks before a command touches anything remote.
 * @param yes the answer given beforehand, with --yes
 * @throws UserError if the answer is no, or if there is no terminal
 */
export async function confirmTargets(targets: readonly Target[], yes: boolean): Promise<void> {
  const remote = targets.filter(({ isLoopback }) => !isLoopback);
  if (remote.length === 0 || yes) return;
  const names = remote.map(({ label }) => label).join(" and ");
  await confirm(`Not on this machine: ${names}.`, yes, names);
}

/**
 * Asks a question.
 * @param yes the answer given beforehand, with --yes
 * @param subject what the question is about, for the error if there is no terminal
 * @throws UserError if the answer is no, or if there is no terminal
 */
export async function confirm(statement: string, yes: boolean, subject: string): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw errors.noTerminal(subject);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal
    .question(`${statement} Continue? (yes/no) `, { signal: interrupted })
    .catch(() => "")
    .finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw errors.declined();
}
