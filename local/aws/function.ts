import type { Lambda } from "@aws-sdk/client-lambda";
import type { Health } from "../status/types.ts";
import { parseLine, toFailure } from "./log.ts";

export type EventSource = Awaited<ReturnType<typeof readEventSource>>;

/** Reads an event source mapping. `state`: Creating, Enabling, Enabled, Disabling, Disabled, Updating, Updated or Deleting. */
export async function readEventSource(client: Lambda, uuid: string, abortSignal: AbortSignal) {
  const mapping = await client.getEventSourceMapping({ UUID: uuid }, { abortSignal });
  const { State: state = "unknown", StateTransitionReason: reason = null, LastProcessingResult: lastResult = null } = mapping;
  return { state, reason, lastResult };
}

/** Invokes the function with an empty batch: it checks its table and its masking key again. */
export async function checkHealth(client: Lambda, functionName: string, abortSignal: AbortSignal): Promise<Health> {
  const start = performance.now();
  const empty = { FunctionName: functionName, Payload: JSON.stringify({ Records: [] }), LogType: "Tail" as const };
  const { FunctionError, Payload, LogResult = "" } = await client.invoke(empty, { abortSignal });
  const seconds = (performance.now() - start) / 1000;
  if (!FunctionError) return { seconds, failure: null };
  // The response names only the class of the error. Its code is in the log, of which Lambda returns the end.
  const tail = Buffer.from(LogResult, "base64").toString("utf8").split("\n");
  const logged = tail.map((line) => toFailure(parseLine(line, 0))).findLast((failure) => failure !== null);
  const sqlstate = logged?.sqlstate ?? null;
  const { errorType, errorMessage } = JSON.parse(Payload?.transformToString() || "{}") as Record<string, unknown>;
  if (errorType === "IngestError") return { seconds, failure: { code: logged?.code ?? "failed", sqlstate, reason: String(errorMessage) } };
  // The text of a foreign error may quote anything, but for that of a timeout, which is Lambda's.
  const [timedOut] = /Task timed out after [\d.]+ seconds/.exec(String(errorMessage)) ?? [];
  const reason = timedOut ? `${timedOut}.` : "See the function's own log.";
  return { seconds, failure: { code: typeof errorType === "string" ? errorType : FunctionError, sqlstate, reason } };
}
