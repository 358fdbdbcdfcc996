import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export const FUNCTION = "masqueue-test";

export interface InvocationResult {
  /** What the function returned, or the error as Lambda passes it to the caller: `{ errorType, errorMessage, trace }`. */
  readonly payload: unknown;
  readonly isError: boolean;
}

/** The server that a Lambda process gets its work from: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
export class RuntimeApi {
  readonly #server = createServer((request, response) => void this.#respond(request, response));
  /** The process's request for its next invocation, answered when there is one. */
  #next = Promise.withResolvers<ServerResponse>();
  /** The result of the running invocation. */
  #result = Promise.withResolvers<InvocationResult>();
  /** The result of every invocation once the process has ended or could not start. */
  readonly #end = Promise.withResolvers<InvocationResult>();
  /** Resolved when the process asks for its first invocation: it has loaded the function, or failed to. */
  readonly ready: Promise<unknown> = Promise.race([this.#next.promise, this.#end.promise]);
  #latest: Promise<unknown> = this.ready;

  /** @returns the port on loopback */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as { port: number }).port;
  }

  /** Invokes the function once earlier invocations have ended. @param deadline in milliseconds since 1970 */
  invoke(event: unknown, deadline: number): Promise<InvocationResult> {
    const result = this.#latest.then(() => Promise.race([this.#end.promise, this.#run(event, deadline)]));
    this.#latest = result;
    return result;
  }

  /** Fails the running invocation and all later ones. */
  end(errorMessage: string): void {
    this.#end.resolve({ isError: true, payload: { errorType: "Runtime.ExitError", errorMessage, trace: [] } });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #run(event: unknown, deadline: number): Promise<InvocationResult> {
    const response = await this.#next.promise;
    this.#next = Promise.withResolvers();
    this.#result = Promise.withResolvers();
    response.writeHead(200, {
      "Content-Type": "application/json",
      "Lambda-Runtime-Aws-Request-Id": randomUUID(),
      "Lambda-Runtime-Deadline-Ms": String(deadline),
      "Lambda-Runtime-Invoked-Function-Arn": `arn:aws:lambda:us-east-1:000000000000:function:${FUNCTION}`,
    });
    response.end(JSON.stringify(event));
    return this.#result.promise;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, , , subject, id, kind] = (request.url ?? "").split("/");
    if (id === "next") return this.#next.resolve(response);
    const payload: unknown = JSON.parse(Buffer.concat(await request.toArray()).toString("utf8"));
    response.writeHead(202).end('{"status":"OK"}');
    const result = { isError: kind === "error", payload };
    if (subject === "init") this.#end.resolve({ ...result, isError: true });
    else this.#result.resolve(result);
  }
}
