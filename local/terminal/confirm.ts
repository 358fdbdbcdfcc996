import { createInterface } from "node:readline/promises";
import { UserError } from "./errors.ts";
import { interrupted } from "./signals.ts";

export interface Target {
  label: string;
  isLoopback: boolean;
}

/**
 * Asks before anything that is not on this machine is touched.
 * @param yes the answer given beforehand, with --yes
 * @throws UserError where the answer is no, or nobody is there to ask
 */
export async function confirmTargets(targets: readonly Target[], yes: boolean): Promise<void> {
  const remote = targets.filter(({ isLoopback }) => !isLoopback);
  if (remote.length === 0 || yes) return;
  const names = remote.map(({ label }) => label).join(" and ");
  if (!process.stdin.isTTY) throw new UserError(`${names} is not on this machine, and there is no terminal to ask at: say --yes to go on.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal
    .question(`${names} is not on this machine. Go on? (yes/no) `, { signal: interrupted })
    .catch(() => "")
    .finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError("Nothing was done.");
}
