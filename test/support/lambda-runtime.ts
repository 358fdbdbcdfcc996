import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { Bundle } from "./bundle.ts";

const require = createRequire(import.meta.url);
const CLIENT = require.resolve("aws-lambda-ric");
const PRELOAD = new URL("./rapid-client.ts", import.meta.url).href;
const FUNCTION = "masqueue-test";
/** Milliseconds more than a function has: a busy test machine is no slow function. */
const GRACE = 5_000;

interface Answer {
  /** What the function returned, or the error as Lambda gives it to the caller: `{ errorType, errorMessage, trace }`. */
  readonly payload: unknown;
  readonly isError: boolean;
}

/** One container: a process that works on one invocation at a time. */
export interface Lambda {
  /** @param seconds the function's time; some time after it is over the process is killed, as Lambda does at once */
  invoke(event: unknown, seconds?: number): Promise<Answer>;
  /** Kills the process; after that {@link output} is complete. */
  stop(): Promise<void>;
  /** Every byte of stdout and stderr that has arrived. */
  output(): Buffer;
}

interface Invocation {
  id: string;
  body: string;
  deadline: number;
  settle(answer: Answer): void;
}

/**
 * Runs a bundle under AWS's own runtime interface client, in a process with nothing in its environment but what Lambda sets and `variables`.
 * The Runtime API it talks to is in this process: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export async function startLambda({ folder }: Bundle, variables: Record<string, string>): Promise<Lambda> {
  const api = new RuntimeApi();
  const env = { ...lambdaEnvironment(folder, await api.listen()), ...variables };
  const child = spawn(process.execPath, ["--import", PRELOAD, CLIENT], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  child.on("exit", (code, signal) => api.end(`Runtime exited with ${signal ?? `code ${code}`}`));
  return {
    invoke: (event, seconds = 30) => invoke(api, child, event, seconds),
    async stop() {
      child.kill("SIGKILL");
      await closed;
      await api.close();
    },
    output: () => Buffer.concat(chunks),
  };
}

async function invoke(api: RuntimeApi, child: ChildProcess, event: unknown, seconds: number): Promise<Answer> {
  const timer = setTimeout(
    () => {
      api.end(`Task timed out after ${seconds} seconds`);
      child.kill("SIGKILL");
    },
    seconds * 1000 + GRACE,
  );
  try {
    return await api.invoke(event, Date.now() + seconds * 1000);
  } finally {
    clearTimeout(timer);
  }
}

class RuntimeApi {
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));
  /** The answer to `next` that is held back until there is something to do. */
  #idle: ServerResponse | undefined;
  #queue: Invocation[] = [];
  readonly #running = new Map<string, Invocation>();
  /** What every invocation gets once the process has ended or could not start. */
  #ended: Answer | undefined;

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as { port: number }).port;
  }

  invoke(event: unknown, deadline: number): Promise<Answer> {
    return new Promise((resolve) => {
      this.#queue.push({ id: randomUUID(), body: JSON.stringify(event), deadline, settle: resolve });
      this.#dispatch();
    });
  }

  end(reason: string): void {
    this.#endWith({ isError: true, payload: { errorType: "Runtime.ExitError", errorMessage: reason, trace: [] } });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #endWith(answer: Answer): void {
    this.#ended ??= answer;
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
      "Lambda-Runtime-Invoked-Function-Arn": `arn:aws:lambda:us-east-1:000000000000:function:${FUNCTION}`,
    });
    this.#idle?.end(invocation.body);
    this.#idle = undefined;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, , , subject, id = "", kind] = (request.url ?? "").split("/");
    if (id === "next") {
      this.#idle = response;
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

function lambdaEnvironment(folder: string, port: number): Record<string, string> {
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    LAMBDA_TASK_ROOT: folder,
    _HANDLER: "index.handler",
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    AWS_LAMBDA_FUNCTION_NAME: FUNCTION,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${FUNCTION}`,
    AWS_LAMBDA_LOG_STREAM_NAME: "test",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_REGION: "us-east-1",
  };
}
