import { setTimeout as wait } from "node:timers/promises";
import { OUTPUTS } from "../../lambda/names.ts";
import { checkHealth, eventSourceState } from "../deployed/function.ts";
import { UserError } from "../terminal/errors.ts";
import { checkInterrupted, interrupted } from "../terminal/signals.ts";
import type { Outputs } from "./cdklocal.ts";
import type { SeenPostgres } from "./environment.ts";
import type { LocalStack } from "./localstack.ts";

type StackOutputs = Outputs[string];

/** Milliseconds. */
const POLL = 500;
const PATIENCE = 60_000;

/** Waits until the function is called with what arrives. */
export async function untilEnabled({ lambda }: LocalStack, outputs: StackOutputs): Promise<void> {
  const uuid = outputs[OUTPUTS.eventSource] ?? "";
  const giveUp = AbortSignal.timeout(PATIENCE);
  for (;;) {
    checkInterrupted();
    const { state, reason } = await eventSourceState(lambda, uuid, AbortSignal.any([giveUp, interrupted]));
    if (state === "Enabled") return;
    if (giveUp.aborted)
      throw new UserError(`The event source mapping is ${state}${reason ? ` (${reason})` : ""}, and does not become Enabled.`);
    await wait(POLL);
  }
}

/** Calls the function without a message: can it reach Postgres, is its table right, has it the key that masked the rows? */
export async function assertWorks({ lambda }: LocalStack, outputs: StackOutputs, { variables }: SeenPostgres): Promise<void> {
  const signal = AbortSignal.any([AbortSignal.timeout(PATIENCE), interrupted]);
  const { failure } = await checkHealth(lambda, outputs[OUTPUTS.functionName] ?? "", signal);
  if (!failure) return;
  const help =
    failure.code === "database_unavailable"
      ? ` The function looks for it at ${variables.PGHOST}:${variables.PGPORT}; if it has another name there, set FUNCTION_PGHOST and FUNCTION_PGPORT and deploy again.`
      : "";
  throw new UserError(`The function is deployed, and cannot work (${failure.code}): ${failure.reason}${help}`);
}
