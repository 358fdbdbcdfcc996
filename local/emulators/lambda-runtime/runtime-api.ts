import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface InvocationResult {
  /** What the function returned, or the error as Lambda passes it to the caller: `{ errorType, errorMessage, trace }`. */
  readonly payload: unknown;
  readonly isError: boolean;
}

interface Invocation {
  id: string;
  body: string;
  deadline: number;
  settle(result: InvocationResult): void;
}

/** The server that a Lambda process gets its work from: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
export class RuntimeApi {
  /** Resolved when the process asks for its first invocation: it has loaded the function. */
  readonly ready: Promise<void>;
  readonly #functionArn: string;
  readonly #server = createServer((request, response) => void this.#respond(request, response));
  #becomeReady: () => void = () => {};
  /** The response to `next` that is held back until there is work. */
  #idle: ServerResponse | undefined;
  #queue: Invocation[] = [];
  readonly #running = new Map<string, Invocation>();
  /** The result of every invocation once the process has ended or could not start. */
  #ended: InvocationResult | undefined;

  constructor(functionArn: string) {
    this.#functionArn = functionArn;
    this.ready = new Promise((resolve) => {
      this.#becomeReady = resolve;
    });
  }

  /** @returns the port on loopback */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as { port: number }).port;
  }

  /** @param deadline of the invocation, in milliseconds since 1970 */
  invoke(event: unknown, deadline: number): Promise<InvocationResult> {
    return new Promise((settle) => {
      this.#queue.push({ id: randomUUID(), body: JSON.stringify(event), deadline, settle });
      this.#dispatch();
    });
  }

  /** Fails the invocations in progress and all later ones. */
  end(reason: string): void {
    this.#endWith({ isError: true, payload: { errorType: "Runtime.ExitError", errorMessage: reason, trace: [] } });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #endWith(result: InvocationResult): void {
    this.#ended ??= result;
    this.#becomeReady();
    for (const { settle } of [...this.#running.values(), ...this.#queue]) settle(this.#ended);
    this.#running.clear();
    this.#queue = [];
  }

  #dispatch(): void {
    if (this.#ended) this.#endWith(this.#ended);
    const invocation = this.#idle && this.#queue.shift();
    if (!invocation) return;
    this.#running.set(invocation.id, invocation);
    this.#idle?.writeHead(200, {
      "Content-Type": "application/json",
      "Lambda-Runtime-Aws-Request-Id": invocation.id,
      "Lambda-Runtime-Deadline-Ms": String(invocation.deadline),
      "Lambda-Runtime-Invoked-Function-Arn": this.#functionArn,
    });
    this.#idle?.end(invocation.body);
    this.#idle = undefined;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, , , subject, id = "", kind] = (request.url ?? "").split("/");
    if (id === "next") {
      this.#idle = response;
      this.#becomeReady();
      this.#dispatch();
      return;
    }
    const payload: unknown = JSON.parse(Buffer.concat(await request.toArray()).toString("utf8"));
    response.writeHead(202).end('{"status":"OK"}');
    if (subject === "init") this.#endWith({ isError: true, payload });
    this.#running.get(id)?.settle({ isError: kind === "error", payload });
    this.#running.delete(id);
  }
}
