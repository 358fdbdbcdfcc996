import { join } from "node:path";
import type { SQSEvent } from "aws-lambda";
import { build } from "esbuild";
import { COMMON } from "../../infra/bundle.ts";
import { ENV, ROLES } from "../../lambda/names.ts";
import { type Lambda, startLambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import { CREDENTIALS } from "../support/aws-json.ts";
import { type FaultyProxy, startProxy } from "./proxy.ts";

/** The function's time in seconds. */
export const SECONDS = 4;

/** Bundles the function as infra/bundle.ts does, with the pipelines of the harness. */
export async function bundleFunction(folder: string): Promise<void> {
  const entryPoints = [join(import.meta.dirname, "function.ts")];
  await build({ ...COMMON, entryPoints, outfile: join(folder, "index.js"), format: "cjs", supported: { "dynamic-import": false } });
}

/** Where containers run. */
export interface Place {
  readonly folder: string;
  readonly kmsUrl: string;
  /** The port of Postgres at the moment. */
  readonly findPort: () => number;
  /** Takes what a container printed, once it has ended. */
  readonly onOutput: (text: string) => void;
}

/** A container of the function: a process under AWS's runtime client, started at an invocation and again after it ended. */
export class FunctionContainer {
  /** Its way to Postgres. */
  readonly proxy: FaultyProxy;
  /** The code that the next process runs. */
  version = "1";
  readonly #place: Place;
  #lambda: Promise<Lambda> | undefined;

  static async create(place: Place): Promise<FunctionContainer> {
    return new FunctionContainer(place, await startProxy(place.findPort));
  }

  private constructor(place: Place, proxy: FaultyProxy) {
    this.#place = place;
    this.proxy = proxy;
  }

  /** Invokes the function, and kills it at the end of its time, as Lambda does. @throws if it failed */
  async invoke(event: SQSEvent): Promise<unknown> {
    this.#lambda ??= this.#start();
    const lambda = await this.#lambda;
    await lambda.ready;
    const timer = setTimeout(() => void this.kill(), SECONDS * 1000);
    const { isError, payload } = await lambda.invoke(event, SECONDS).finally(() => clearTimeout(timer));
    if (!isError) return payload;
    const { errorType, errorMessage } = payload as { errorType: string; errorMessage: string };
    if (errorType === "Runtime.ExitError") await this.kill();
    throw new Error(errorMessage);
  }

  /** Kills the process; the next invocation is a cold start. */
  async kill(): Promise<void> {
    const lambda = await this.#take();
    if (!lambda) return;
    await lambda.stop();
    this.#place.onOutput(lambda.output().toString("utf8"));
  }

  /** Stops the process without ending it: its time passes, and its connection stays. */
  async freeze(): Promise<void> {
    const lambda = await this.#lambda;
    if (lambda) process.kill(lambda.pid, "SIGSTOP");
  }

  async close(): Promise<void> {
    await this.kill();
    await this.proxy.close();
  }

  #take(): Promise<Lambda> | undefined {
    const lambda = this.#lambda;
    this.#lambda = undefined;
    return lambda;
  }

  #start(): Promise<Lambda> {
    return startLambda(this.#place.folder, {
      ...{ [ENV.pipeline]: "events", [ENV.host]: "127.0.0.1", [ENV.port]: String(this.proxy.port), [ENV.database]: "masqueue" },
      ...{ [ENV.user]: ROLES.ingest, [ENV.sslMode]: "disable", [ENV.kmsKey]: "alias/chaos", [ENV.kmsEndpoint]: this.#place.kmsUrl },
      ...{ ...CREDENTIALS, CHAOS_VERSION: this.version },
    });
  }
}
