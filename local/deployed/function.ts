import { GetEventSourceMappingCommand, InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { EventSource, Health } from "../status/types.ts";
import { failureOf, lineOf } from "./log.ts";

/** @param uuid of the event source mapping */
export async function eventSourceState(client: LambdaClient, uuid: string, abortSignal: AbortSignal): Promise<EventSource> {
  const mapping = await client.send(new GetEventSourceMappingCommand({ UUID: uuid }), { abortSignal });
  const { State = "unknown", StateTransitionReason: reason = null, LastProcessingResult: lastResult = null } = mapping;
  return { state: State, reason, lastResult };
}

/** Calls the function with an empty batch: it holds its table and its masking key against the database anew. */
export async function checkHealth(client: LambdaClient, functionName: string, abortSignal: AbortSignal): Promise<Health> {
  const start = performance.now();
  const command = new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify({ Records: [] }), LogType: "Tail" });
  const { FunctionError, Payload, LogResult = "" } = await client.send(command, { abortSignal });
  const seconds = (performance.now() - start) / 1000;
  if (!FunctionError) return { seconds, failure: null };
  const tail = Buffer.from(LogResult, "base64").toString("utf8").split("\n");
  const logged = tail.map((line) => failureOf(lineOf(line, 0))).findLast((failure) => failure !== null);
  const { errorType, errorMessage } = JSON.parse(Payload?.transformToString() || "{}") as Record<string, unknown>;
  const sqlstate = logged?.sqlstate ?? null;
  // The text of an error that is not our own may quote anything; that of a time-out is Lambda's.
  // The class says nothing, and the sentence does: the code stands in the log, of which only the end comes back.
  if (errorType === "IngestError") return { seconds, failure: { code: logged?.code ?? "failed", sqlstate, reason: String(errorMessage) } };
  const [timedOut] = /Task timed out after [\d.]+ seconds/.exec(String(errorMessage)) ?? [];
  const reason = timedOut ? `${timedOut}.` : "The function's own log says more.";
  return { seconds, failure: { code: typeof errorType === "string" ? errorType : FunctionError, sqlstate, reason } };
}
