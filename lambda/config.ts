import { readFileSync } from "node:fs";
import type { ClientConfig } from "pg";
import { ENV } from "./env.ts";
import { IngestError } from "./errors.ts";
import { type MasterKey, masterKeyFromSecret } from "./masking/keys.ts";
import { masterKeyInKms } from "./masking/kms.ts";
import { pipelines } from "./pipelines/index.ts";
import type { Pipeline } from "./pipelines/pipeline.ts";

/** What one function runs with. */
export interface Config {
  readonly pipeline: Pipeline;
  readonly postgres: ClientConfig;
  /** Absent only where the pipeline masks by SHA-256. */
  readonly masterKey: MasterKey | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the function's configuration out of its environment; nothing else does.
 * @param known the pipelines by name; tests pass in their own
 * @throws IngestError `configuration`, naming the variable, what it holds (but for secrets) and what is allowed
 */
export function readConfig(env: Environment, known: Readonly<Record<string, Pipeline>> = pipelines): Config {
  const pipeline = readPipeline(required(env, ENV.pipeline), known);
  const isReversible = pipeline.masking !== "hmac";
  if (isReversible && env[ENV.functionName] && !(typeof pipeline.masking === "object" && pipeline.masking.acceptReversible)) {
    fail(
      `Pipeline ${pipeline.name} masks by plain SHA-256, which anyone can reverse. Use "hmac", or set acceptReversible: true in its declaration.`,
    );
  }
  return { pipeline, postgres: readPostgres(env), masterKey: isReversible ? undefined : readMasterKey(env) };
}

function readPipeline(name: string, known: Readonly<Record<string, Pipeline>>): Pipeline {
  const pipeline = Object.hasOwn(known, name) ? known[name] : undefined;
  return pipeline ?? fail(`${ENV.pipeline} is "${name}"; there are: ${Object.keys(known).join(", ")}.`);
}

function readPostgres(env: Environment): ClientConfig {
  const port = Number(env[ENV.port] || 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) fail(`${ENV.port} is "${env[ENV.port]}"; a port is a number from 1 to 65535.`);
  const sslMode = env[ENV.sslMode] || "verify-full";
  if (sslMode !== "verify-full" && sslMode !== "disable") fail(`${ENV.sslMode} is "${sslMode}"; allowed are verify-full and disable.`);
  return {
    host: required(env, ENV.host),
    port,
    user: required(env, ENV.user),
    password: env[ENV.password] ?? "",
    database: required(env, ENV.database),
    ssl: sslMode === "verify-full" && { rejectUnauthorized: true },
    application_name: "masqueue",
  };
}

/** The masking key of KMS or of a file, as the environment names it. */
export function readMasterKey(env: Environment): MasterKey {
  const [kmsKey, keyFile] = [env[ENV.kmsKey], env[ENV.keyFile]];
  if (kmsKey && keyFile) fail(`${ENV.kmsKey} and ${ENV.keyFile} are both set; a key comes from one place.`);
  if (kmsKey) return masterKeyInKms(kmsKey);
  if (!keyFile) return fail(`No masking key: set ${ENV.kmsKey} to an HMAC key in KMS (or, outside AWS, ${ENV.keyFile} to a file).`);
  try {
    return masterKeyFromSecret(readFileSync(keyFile));
  } catch (error) {
    if (error instanceof IngestError) throw error;
    return fail(`${ENV.keyFile} names ${keyFile}, which cannot be read.`);
  }
}

function required(env: Environment, name: string): string {
  return env[name] || fail(`${name} is not set.`);
}

function fail(sentence: string): never {
  throw new IngestError("configuration", sentence);
}
