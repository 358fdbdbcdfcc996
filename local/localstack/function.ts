import { setTimeout as wait } from "node:timers/promises";
import { OUTPUTS } from "../../lambda/names.ts";
import { checkHealth, readEventSource } from "../deployed/function.ts";
import * as errors from "../errors.ts";
import { checkInterrupted, interrupted } from "../terminal/signals.ts";
import type { Outputs } from "./cdklocal.ts";
import type { FunctionPostgres } from "./environment.ts";
import type { LocalStack } from "./localstack.ts";

/** Milliseconds. */
const POLL = 500;
const TIMEOUT = 60_000;

/** Waits until the event source passes messages to the function. @throws UserError if that takes too long */
export async function waitUntilEnabled({ lambda }: LocalStack, outputs: Outputs): Promise<void> {
  const late = AbortSignal.timeout(TIMEOUT);
  for (;;) {
    checkInterrupted();
    const { state, reason } = await readEventSource(lambda, outputs[OUTPUTS.eventSource] ?? "", AbortSignal.any([late, interrupted]));
    if (state === "Enabled") return;
    if (late.aborted) throw errors.disabledEventSource(state, reason);
    await wait(POLL);
  }
}

/** Invokes the function without a message: it checks Postgres, its table and its masking key. @throws UserError */
export async function assertHealthy({ lambda }: LocalStack, outputs: Outputs, { variables }: FunctionPostgres): Promise<void> {
  const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT), interrupted]);
  const { failure } = await checkHealth(lambda, outputs[OUTPUTS.functionName] ?? "", signal);
  if (!failure) return;
  const address = `${variables.PGHOST}:${variables.PGPORT}`;
  const help = ` The function looks for it at ${address}; if it needs another address, set FUNCTION_PGHOST and FUNCTION_PGPORT and deploy again.`;
  throw errors.brokenFunction(failure.code, failure.reason, failure.code === "database_unavailable" ? help : "");
}
