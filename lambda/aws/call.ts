import { NodeHttpHandler } from "@smithy/node-http-handler";
import { HttpRequest } from "@smithy/protocol-http";
import { findSystemCode, IngestError } from "../errors.ts";
import { parseObject } from "../json.ts";
import { retry } from "../retry.ts";
import type { Aws, Service } from "./environment.ts";
import { createSigner } from "./signer.ts";

/** In milliseconds, for one attempt from its connection to the end of its response: three attempts fit into the shortest time-out. */
const MAX_ATTEMPT = 2_000;
const MAX_CONNECT = 1_000;

/** Milliseconds before the second and the third attempt. */
const PAUSES = [100, 300];

/** The prefix of the operation's name in X-Amz-Target. */
const TARGETS: Readonly<Record<Service, string>> = { kms: "TrentService", secretsmanager: "secretsmanager" };

/** A call that failed. Its code is the name of AWS's exception or of the system's error; their texts may quote the request. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly code: string;
  readonly isTransient: boolean;

  constructor(code: string, isTransient = false) {
    super(code);
    this.code = code;
    this.isTransient = isTransient;
  }
}

const http = new NodeHttpHandler({ connectionTimeout: MAX_CONNECT });

/**
 * Calls one operation of a service that speaks AWS JSON 1.1, and retries transient failures. The SDK's clients do the same and take
 * half as long again to start (docs/decisions.md).
 * @returns the members of the response
 * @throws AwsError, or IngestError `configuration` if region, credentials or endpoint are missing
 */
export function callAws(aws: Aws, service: Service, operation: string, input: object): Promise<Record<string, unknown>> {
  return retry(
    async () => send(await sign(aws, service, operation, input)),
    (error) => ({ error, retryable: error instanceof AwsError && error.isTransient }),
    PAUSES,
  );
}

async function sign(aws: Aws, service: Service, operation: string, input: object): Promise<HttpRequest> {
  try {
    const { protocol, hostname, port, host, pathname } = await aws.endpoint(service);
    const headers = { host, "content-type": "application/x-amz-json-1.1", "x-amz-target": `${TARGETS[service]}.${operation}` };
    const to = { protocol, hostname, ...(port && { port: Number(port) }), path: pathname };
    const request = new HttpRequest({ method: "POST", ...to, headers, body: JSON.stringify(input) });
    return new HttpRequest(await createSigner(service, aws).sign(request));
  } catch (error) {
    throw error instanceof IngestError ? error : new AwsError(toCode(error));
  }
}

async function send(request: HttpRequest): Promise<Record<string, unknown>> {
  const { statusCode, headers, text } = await post(request);
  const members = parseObject(text);
  if (statusCode === 200 && members) return members;
  if (statusCode === 200) throw new AwsError("InvalidResponse");
  const type = /^(?:.*#)?([A-Za-z]{1,64})(?::.*)?$/.exec(String(members?.__type ?? headers["x-amzn-errortype"] ?? ""))?.[1];
  const isTransient = statusCode >= 500 || statusCode === 429 || /Throttl|TooManyRequests/.test(type ?? "");
  throw new AwsError(type ?? `HTTP ${statusCode}`, isTransient);
}

async function post(request: HttpRequest): Promise<{ statusCode: number; headers: Record<string, string>; text: string }> {
  // The HTTP handler's limit would end with the headers of the response.
  const signal = AbortSignal.timeout(MAX_ATTEMPT);
  try {
    const { response } = await http.handle(request, { abortSignal: signal });
    const { statusCode, headers, body } = response;
    return { statusCode, headers, text: Buffer.concat(await body.toArray({ signal })).toString("utf8") };
  } catch (error) {
    throw new AwsError(signal.aborted ? "TimeoutError" : toCode(error), true);
  }
}

/** The system's code of a foreign error (ECONNREFUSED), else the name of its class. */
function toCode(error: unknown): string {
  const name = typeof error === "object" && error !== null && "name" in error ? String(error.name) : "";
  return findSystemCode(error) ?? (/^\w{1,64}$/.test(name) ? name : "unknown");
}
