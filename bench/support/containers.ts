import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { ClientConfig } from "pg";
import { bundle, COMMON } from "../../infra/bundle.ts";
import { ENV } from "../../lambda/names.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { type Lambda, startLambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import { SECRET } from "./rows.ts";

/** Bundles the function as it is deployed. @param root gets a folder with the bundle @returns the folder */
export async function bundleFunction(root: string): Promise<string> {
  const folder = join(root, "function");
  await bundle("ingest", folder);
  return folder;
}

/** Bundles a handler of baselines/ with the function's own options. @param name e.g. "empty" */
export async function bundleBaseline(root: string, name: string): Promise<string> {
  const folder = join(root, name);
  const handler = fileURLToPath(new URL(`../baselines/${name}-handler.ts`, import.meta.url));
  await build({ ...COMMON, entryPoints: [handler], outfile: join(folder, "index.js"), format: "cjs" });
  return folder;
}

/** One core, as a function of up to 1,769 MB has at most; empty if there is no `taskset`. */
const ONE_CORE = spawnSync("taskset", ["-c", "0", "true"]).status === 0 ? ["taskset", "-c", "0"] : [];

/** Starts a container of 512 MB as Lambda does, with the environment of the deployed function. @param kms endpoint that stands for KMS */
export function startContainer(folder: string, postgres: ClientConfig, kms: string): Promise<Lambda> {
  const { host = "", port, user = "", password, database = "" } = postgres;
  const variables = {
    NODE_OPTIONS: "--enable-source-maps",
    AWS_ACCESS_KEY_ID: "embedded",
    AWS_SECRET_ACCESS_KEY: "embedded",
    AWS_ENDPOINT_URL_KMS: kms,
    [ENV.pipeline]: userLogins.name,
    [ENV.host]: host,
    [ENV.port]: String(port),
    [ENV.user]: user,
    [ENV.password]: String(password),
    [ENV.database]: database,
    [ENV.sslMode]: "disable",
    [ENV.kmsKey]: "alias/bench",
  };
  return startLambda(folder, variables, ONE_CORE);
}

/** @throws Error if the function failed or reported failed messages */
export async function invokeContainer(lambda: Lambda, event: object): Promise<void> {
  const { payload, isError } = await lambda.invoke(event);
  if (isError || JSON.stringify(payload) !== '{"batchItemFailures":[]}') {
    throw new Error(`The function answered ${JSON.stringify(payload)}. ${lambda.output()}`);
  }
}

/**
 * Answers `GenerateMac` as KMS does, under the secret key of the measurements, without TLS and without a look at the signature.
 * @returns the endpoint
 */
export async function startKms(): Promise<string> {
  const server = createServer(async (request, response) => {
    const { Message } = JSON.parse(Buffer.concat(await request.toArray()).toString("utf8")) as { Message: string };
    const Mac = createHmac("sha256", SECRET).update(Buffer.from(Message, "base64")).digest("base64");
    response.setHeader("Content-Type", "application/x-amz-json-1.1").end(JSON.stringify({ Mac, MacAlgorithm: "HMAC_SHA_256" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
