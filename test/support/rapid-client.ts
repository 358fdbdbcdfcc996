import { request } from "node:http";
import { registerHooks } from "node:module";

/**
 * Stands in for `rapid-client.node`, the runtime interface client's HTTP client, which is compiled by an install script that does
 * not run here. Preloaded into the Lambda process; where the addon was built, that is used and this file does nothing.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== "./rapid-client.node") return nextResolve(specifier, context);
    try {
      return nextResolve(specifier, context);
    } catch {
      return { url: import.meta.url, shortCircuit: true };
    }
  },
});

interface Invocation {
  bodyJson: string;
  headers: NodeJS.Dict<string | string[]>;
}

const INVOCATION = "/2018-06-01/runtime/invocation";

/** The addon's `done` and `error` return when their answer is delivered; here the next `next` waits for that. */
let delivered: Promise<unknown> = Promise.resolve();

export async function next(): Promise<Invocation> {
  await delivered;
  return call("GET", `${INVOCATION}/next`);
}

export function done(id: string, body: string): void {
  delivered = call("POST", `${INVOCATION}/${id}/response`, body);
}

export function error(id: string, body: string, xray: string): void {
  delivered = call("POST", `${INVOCATION}/${id}/error`, body, { "Lambda-Runtime-Function-XRay-Error-Cause": xray });
}

function call(method: string, path: string, body?: string, extra: Record<string, string> = {}): Promise<Invocation> {
  const [hostname, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? "").split(":");
  const headers = body === undefined ? extra : { ...extra, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers }, async (response) => {
      resolve({ bodyJson: Buffer.concat(await response.toArray()).toString("utf8"), headers: response.headers });
    });
    sent.on("error", reject).end(body);
  });
}
