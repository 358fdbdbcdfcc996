import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { FUNCTION, type InvocationResult, RuntimeApi } from "./runtime-api.ts";

const CLIENT = createRequire(import.meta.url).resolve("aws-lambda-ric");
const PRELOAD = join(import.meta.dirname, "rapid-client.cjs");
/** Megabytes. */
const MEMORY = 512;
/** The managed runtime's flags for it: a tenth for young objects, in two halves, and the rest for old ones. */
const NODE_FLAGS = ["--expose-gc", "--max-semi-space-size=25", "--max-old-space-size=461"];
/** Milliseconds beyond a function's time, so that a busy machine does not look like a slow function. */
const GRACE = 5_000;

/** One container: a process that works on one invocation at a time. */
export type Lambda = Awaited<ReturnType<typeof startLambda>>;

/**
 * Runs a bundle under AWS's own runtime interface client, in a process whose environment holds only what Lambda sets, and
 * `variables`. Its Runtime API is in this process.
 * @param folder what Lambda unpacks: index.js, which exports `handler`
 * @param launcher starts the process and must become it, e.g. `["taskset", "-c", "0"]`
 */
export async function startLambda(folder: string, variables: Record<string, string>, launcher: readonly string[] = []) {
  const api = new RuntimeApi();
  const env = { ...buildLambdaEnvironment(folder, await api.listen()), ...variables };
  const [command = process.execPath, ...args] = [...launcher, process.execPath, ...NODE_FLAGS, "--require", PRELOAD, CLIENT];
  const child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  child.on("error", () => api.end("Runtime could not start"));
  child.on("exit", (code, signal) => api.end(`Runtime exited with ${signal ?? `code ${code}`}`));
  return {
    pid: child.pid ?? 0,
    /** Resolved when the process asks for its first invocation, or has failed to. */
    ready: api.ready,
    /** @param seconds the function's time; a few seconds after it the process is killed, as Lambda does at once */
    invoke(event: unknown, seconds = 30): Promise<InvocationResult> {
      const kill = () => {
        api.end(`Task timed out after ${seconds} seconds`);
        child.kill("SIGKILL");
      };
      const timer = setTimeout(kill, seconds * 1000 + GRACE);
      return api.invoke(event, Date.now() + seconds * 1000).finally(() => clearTimeout(timer));
    },
    /** Kills the process; after that the output is complete. */
    async stop() {
      child.kill("SIGKILL");
      await closed;
      await api.close();
    },
    /** Every byte of stdout and stderr so far. */
    output: () => Buffer.concat(chunks),
  };
}

function buildLambdaEnvironment(folder: string, port: number): Record<string, string> {
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    LAMBDA_TASK_ROOT: folder,
    _HANDLER: "index.handler",
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    AWS_LAMBDA_FUNCTION_NAME: FUNCTION,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MEMORY),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${FUNCTION}`,
    AWS_LAMBDA_LOG_STREAM_NAME: "test",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_REGION: "us-east-1",
  };
}
