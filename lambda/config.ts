import { readFileSync } from "node:fs";
import type { ClientConfig } from "pg";
import { awsIn, type Environment, type Identity } from "./aws/environment.ts";
import { rdsToken } from "./aws/rds-token.ts";
import { readPassword } from "./aws/secret.ts";
import { IngestError } from "./errors.ts";
import { type MasterKey, masterKeyFromSecret } from "./masking/keys.ts";
import { masterKeyInKms } from "./masking/kms.ts";
import type { Masking } from "./masking/open.ts";
import { ENV } from "./names.ts";
import { pipelines } from "./pipelines/index.ts";
import type { Pipeline } from "./pipelines/pipeline.ts";

/** What one function runs with. */
export interface Config {
  readonly pipeline: Pipeline;
  readonly postgres: ClientConfig;
  readonly masking: Masking;
}

/**
 * Reads the function's configuration out of its environment; nothing else does.
 * @param known the pipelines by name; tests pass in their own
 * @throws IngestError `configuration`, naming the variable, what it holds (but for secrets) and what is allowed
 */
export function readConfig(env: Environment, known: Readonly<Record<string, Pipeline>> = pipelines): Config {
  const pipeline = readPipeline(required(env, ENV.pipeline), known);
  return { pipeline, postgres: readPostgres(env), masking: readMasking(pipeline, env) };
}

function readMasking({ name, masking }: Pipeline, env: Environment): Masking {
  if (masking === "hmac") return { mode: "hmac", masterKey: readMasterKey(env) };
  if (env[ENV.functionName] && !masking.acceptReversible) {
    fail(
      `Pipeline ${name} masks by plain SHA-256, which anyone can reverse. Use "hmac", or set acceptReversible: true in its declaration.`,
    );
  }
  return { mode: "sha256" };
}

function readPipeline(name: string, known: Readonly<Record<string, Pipeline>>): Pipeline {
  const pipeline = Object.hasOwn(known, name) ? known[name] : undefined;
  return pipeline ?? fail(`${ENV.pipeline} is "${name}"; there are: ${Object.keys(known).join(", ")}.`);
}

/**
 * How to reach Postgres. A password that can change (a secret's, a token) is a function, to be asked at each new connection.
 * @throws IngestError `configuration`
 */
export function readPostgres(env: Environment): ClientConfig {
  const port = Number(env[ENV.port] || 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) fail(`${ENV.port} is "${env[ENV.port]}"; a port is a number from 1 to 65535.`);
  const sslMode = env[ENV.sslMode] || "verify-full";
  if (sslMode !== "verify-full" && sslMode !== "disable") fail(`${ENV.sslMode} is "${sslMode}"; allowed are verify-full and disable.`);
  const isEncrypted = sslMode === "verify-full";
  const to = { host: required(env, ENV.host), port, user: required(env, ENV.user) };
  return {
    ...to,
    password: readLogin(env, to, isEncrypted),
    database: required(env, ENV.database),
    ssl: isEncrypted && { rejectUnauthorized: true, ...readAuthorities(env) },
    application_name: "masqueue",
  };
}

function readLogin(env: Environment, to: { host: string; port: number; user: string }, isEncrypted: boolean): ClientConfig["password"] {
  const { [ENV.password]: password, [ENV.passwordSecret]: secret, [ENV.iamAuth]: iamAuth } = env;
  const ways = [ENV.password, ENV.passwordSecret, ENV.iamAuth].filter((name) => env[name]);
  if (ways.length > 1) fail(`${ways.join(" and ")} are set; a login comes from one place.`);
  if (iamAuth && iamAuth !== "true") fail(`${ENV.iamAuth} is "${iamAuth}"; allowed is true, or nothing.`);
  if (iamAuth && !isEncrypted) fail(`${ENV.iamAuth} needs TLS: with it ${ENV.sslMode} must be verify-full.`);
  if (iamAuth) return () => rdsToken(to, awsIn(env));
  return secret ? () => readPassword(secret, ENV.passwordSecret, awsIn(env)) : (password ?? "");
}

function readAuthorities(env: Environment): { ca?: string } {
  const file = env[ENV.sslRootCert];
  if (!file) return {};
  const ca = readText(file);
  return ca?.includes("-----BEGIN CERTIFICATE-----") ? { ca } : fail(`${ENV.sslRootCert} names ${file}, which is no readable PEM file.`);
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * The masking key of KMS or of a file, as the environment names it.
 * @param identity who calls KMS, if not the function's role
 */
export function readMasterKey(env: Environment, identity?: Identity): MasterKey {
  const [kmsKey, keyFile] = [env[ENV.kmsKey], env[ENV.keyFile]];
  if (kmsKey && keyFile) fail(`${ENV.kmsKey} and ${ENV.keyFile} are both set; a key comes from one place.`);
  if (kmsKey) return masterKeyInKms(kmsKey, awsIn(env, identity));
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
