import { spawnSync } from "node:child_process";
import type { ClientConfig } from "pg";
import { ENV } from "../../lambda/names.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { type Lambda, startLambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import type { BuiltFunction } from "./bundles.ts";

/** One core, as a function of up to 1,769 MB has at most; absent where there is no `taskset`. */
const ONE_CORE = spawnSync("taskset", ["-c", "0", "true"]).status === 0 ? ["taskset", "-c", "0"] : [];

export const IS_PINNED = ONE_CORE.length > 0;

/** Starts a function as Lambda does: 512 MB, one core, the environment that its stack gives it. */
export function startContainer({ folder }: BuiltFunction, variables: Record<string, string>): Promise<Lambda> {
  return startLambda(folder, variables, { memory: 512, launcher: ONE_CORE });
}

/** What a deployed function finds in its environment; password and endpoint stand for AWS's. */
export function variablesOf({ host = "", port, user = "", password, database = "" }: ClientConfig, pipeline: Pipeline, kms: string) {
  return {
    NODE_OPTIONS: "--enable-source-maps",
    AWS_ACCESS_KEY_ID: "embedded",
    AWS_SECRET_ACCESS_KEY: "embedded",
    AWS_ENDPOINT_URL_KMS: kms,
    [ENV.pipeline]: pipeline.name,
    [ENV.host]: host,
    [ENV.port]: String(port),
    [ENV.user]: user,
    [ENV.password]: String(password),
    [ENV.database]: database,
    [ENV.sslMode]: "disable",
    [ENV.kmsKey]: "alias/bench",
  };
}

/** @throws where the function failed or named failed messages */
export async function invoked(lambda: Lambda, event: object): Promise<void> {
  const { payload, isError } = await lambda.invoke(event);
  const failures = isError || typeof payload !== "object" || payload === null ? null : Object.values(payload)[0];
  if (!Array.isArray(failures) || failures.length > 0) throw new Error(`The function answered ${JSON.stringify(payload)}.`);
}
