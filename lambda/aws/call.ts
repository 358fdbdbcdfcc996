import { setTimeout as wait } from "node:timers/promises";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { HttpRequest } from "@smithy/protocol-http";
import { IngestError, systemCodeOf } from "../errors.ts";
import type { Aws, Service } from "./environment.ts";
import { signerFor } from "./signer.ts";

/** In milliseconds, for a try from its connection to the end of its answer: three are over before the shortest function's time is up. */
const LONGEST_TRY = 2_000;
const LONGEST_CONNECT = 1_000;

/** Pauses between three tries, in milliseconds. */
const PAUSES = [100, 300];

/** What stands before the operation's name in X-Amz-Target. */
const TARGETS: Readonly<Record<Service, string>> = { kms: "TrentService", secretsmanager: "secretsmanager" };

/** A call that failed. Its code is the name of AWS's exception or of the system's error; texts may quote what was sent. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const http = new NodeHttpHandler({ connectionTimeout: LONGEST_CONNECT });

/**
 * One operation of a service that speaks AWS JSON 1.1: signed, sent, and sent again where the failure may pass.
 * The SDK's clients do the same, and nearly triple the function's code, which is read at each start.
 * @returns the members of the answer
 * @throws AwsError, or IngestError `configuration` where region, credentials or endpoint are missing
 */
export async function callAws(aws: Aws, service: Service, operation: string, input: object): Promise<Record<string, unknown>> {
  for (let attempt = 0; ; attempt++) {
    const request = await signed(aws, service, operation, input).catch((error: unknown) => {
      throw error instanceof IngestError ? error : new AwsError(codeOf(error));
    });
    const answer = await send(request);
    if ("members" in answer) return answer.members;
    const pause = PAUSES[attempt];
    if (!answer.again || pause === undefined) throw new AwsError(answer.code);
    await wait(pause);
  }
}

async function signed(aws: Aws, service: Service, operation: string, input: object) {
  const { protocol, hostname, port, host, pathname } = await aws.endpoint(service);
  const headers = { host, "content-type": "application/x-amz-json-1.1", "x-amz-target": `${TARGETS[service]}.${operation}` };
  const body = JSON.stringify(input);
  return signerFor(service, aws).sign(
    new HttpRequest({ method: "POST", protocol, hostname, ...(port && { port: Number(port) }), path: pathname, headers, body }),
  );
}

type Answer = { members: Record<string, unknown> } | { code: string; again: boolean };

async function send(request: Awaited<ReturnType<typeof signed>>): Promise<Answer> {
  // The client's own limit ends with the answer's headers.
  const signal = AbortSignal.timeout(LONGEST_TRY);
  try {
    const { response } = await http.handle(new HttpRequest(request), { abortSignal: signal });
    const text = Buffer.concat(await response.body.toArray({ signal })).toString("utf8");
    const members = membersIn(text);
    if (response.statusCode === 200) return members ? { members } : { code: "InvalidResponse", again: false };
    const type = /^(?:.*#)?([A-Za-z]{1,64})(?::.*)?$/.exec(String(members?.__type ?? response.headers["x-amzn-errortype"] ?? ""))?.[1];
    const passes = response.statusCode >= 500 || response.statusCode === 429 || /Throttl|TooManyRequests/.test(type ?? "");
    return { code: type ?? `HTTP ${response.statusCode}`, again: passes };
  } catch (error) {
    return { code: signal.aborted ? "TimeoutError" : codeOf(error), again: true };
  }
}

function membersIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Of a foreign error, the system's code (ECONNREFUSED), else the name of its class. */
function codeOf(error: unknown): string {
  const name = typeof error === "object" && error !== null && "name" in error ? String(error.name) : "";
  return systemCodeOf(error) ?? (/^\w{1,64}$/.test(name) ? name : "unknown");
}
