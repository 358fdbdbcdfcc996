import type { Answer } from "../status/types.ts";
import { explainError } from "../terminal/explain.ts";
import { interrupted } from "../terminal/signals.ts";

const PATIENCE = 20;
const DENIED = /AccessDenied|NotAuthorized|UnauthorizedOperation/;
const MOST_CHARACTERS = 200;

/**
 * Makes one call of AWS. What goes wrong becomes a few words, and not an error: the other calls go on.
 * @param permission the IAM action that the call needs
 * @param seconds after which no answer is waited for any more
 */
export async function ask<T>(permission: string, call: (signal: AbortSignal) => Promise<T>, seconds = PATIENCE): Promise<Answer<T>> {
  const late = AbortSignal.timeout(seconds * 1000);
  try {
    return { value: await call(AbortSignal.any([late, interrupted])) };
  } catch (error) {
    if (late.aborted) return { failed: `no answer within ${seconds} s` };
    const name = error instanceof Error ? error.name : "Error";
    if (DENIED.test(name)) return { failed: `not allowed (${name}): it needs ${permission}` };
    const text = explainError(error).split("\n")[0]?.slice(0, MOST_CHARACTERS) ?? "";
    return { failed: name === "Error" ? text : `${name}: ${text}` };
  }
}
