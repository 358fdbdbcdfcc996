import { readFileSync } from "node:fs";
import type { ClientConfig } from "pg";
import { type Environment, type Identity, readAws, readVariable } from "./aws/environment.ts";
import { signRdsToken } from "./aws/rds-token.ts";
import { readPassword } from "./aws/secret.ts";
import * as errors from "./errors.ts";
import { importMasterKey, type MasterKey } from "./masking/keys.ts";
import { openKmsKey } from "./masking/kms.ts";
import type { Masking } from "./masking/open-masks.ts";
import { ENV } from "./names.ts";
import { queues } from "./pipelines/index.ts";
import type { Queue } from "./pipelines/queue.ts";

/** The configuration of an ingest function. */
export interface Config {
  readonly queue: Queue;
  readonly postgres: ClientConfig;
  readonly masking: Masking;
}

/**
 * Reads the configuration out of the environment.
 * @param known the queues by name; tests pass others
 * @throws IngestError `configuration`, naming the variable, its value (unless it is secret) and the values that are allowed
 */
export function readConfig(env: Environment, known: Readonly<Record<string, Queue>> = queues): Config {
  const queue = readQueue(readVariable(env, ENV.pipeline), known);
  return { queue, postgres: readPostgres(env), masking: readMasking(queue, env) };
}

function readMasking({ name, masking }: Queue, env: Environment): Masking {
  if (masking === "hmac") return { mode: "hmac", masterKey: readMasterKey(env) };
  if (env[ENV.functionName] && !masking.acceptReversible) throw errors.maskingReversible(name);
  return { mode: "sha256" };
}

function readQueue(name: string, known: Readonly<Record<string, Queue>>): Queue {
  const queue = Object.hasOwn(known, name) ? known[name] : undefined;
  if (!queue) throw errors.variableInvalid(ENV.pipeline, name, Object.keys(known).join(", "));
  return queue;
}

/**
 * Reads the connection to Postgres. A password that can change (from a secret, or a token) is a function, called at each new connection.
 * @throws IngestError `configuration`
 */
export function readPostgres(env: Environment): ClientConfig {
  const port = Number(env[ENV.port] || 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw errors.variableInvalid(ENV.port, env[ENV.port], "a port from 1 to 65535");
  const sslMode = env[ENV.sslMode] || "verify-full";
  if (sslMode !== "verify-full" && sslMode !== "disable") throw errors.variableInvalid(ENV.sslMode, sslMode, "verify-full, disable");
  const isEncrypted = sslMode === "verify-full";
  const to = { host: readVariable(env, ENV.host), port, user: readVariable(env, ENV.user) };
  return {
    ...to,
    password: readLogin(env, to, isEncrypted),
    database: readVariable(env, ENV.database),
    ssl: isEncrypted && { rejectUnauthorized: true, ...readAuthorities(env) },
    application_name: "masqueue",
  };
}

function readLogin(env: Environment, to: { host: string; port: number; user: string }, isEncrypted: boolean): ClientConfig["password"] {
  const { [ENV.password]: password, [ENV.passwordSecret]: secret, [ENV.iamAuth]: iamAuth } = env;
  const logins = [ENV.password, ENV.passwordSecret, ENV.iamAuth].filter((name) => env[name]);
  if (logins.length > 1) throw errors.variablesConflict(logins, "a login");
  if (iamAuth && iamAuth !== "true") throw errors.variableInvalid(ENV.iamAuth, iamAuth, "true, or nothing");
  if (iamAuth && !isEncrypted) throw errors.tlsMissing(ENV.iamAuth, ENV.sslMode);
  if (iamAuth) return () => signRdsToken(to, readAws(env));
  return secret ? () => readPassword(secret, ENV.passwordSecret, readAws(env)) : (password ?? "");
}

function readAuthorities(env: Environment): { ca?: string } {
  const file = env[ENV.sslRootCert];
  if (!file) return {};
  const ca = readText(file);
  if (!ca?.includes("-----BEGIN CERTIFICATE-----")) throw errors.fileUnreadable(ENV.sslRootCert, file, "a readable PEM file");
  return { ca };
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Opens the master key that the environment names, in KMS or in a file.
 * @param identity the caller of KMS. @default the function's role
 */
export function readMasterKey(env: Environment, identity?: Identity): MasterKey {
  const [kmsKey, keyFile] = [env[ENV.kmsKey], env[ENV.keyFile]];
  if (kmsKey && keyFile) throw errors.variablesConflict([ENV.kmsKey, ENV.keyFile], "a key");
  if (kmsKey) return openKmsKey(kmsKey, readAws(env, identity));
  if (!keyFile) throw errors.maskKeyMissing(ENV.kmsKey, ENV.keyFile);
  try {
    return importMasterKey(readFileSync(keyFile));
  } catch (error) {
    throw error instanceof errors.IngestError ? error : errors.fileUnreadable(ENV.keyFile, keyFile, "a readable file");
  }
}
