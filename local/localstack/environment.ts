import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { Environment } from "../../lambda/aws/environment.ts";
import { ENV } from "../../lambda/names.ts";
import { QUEUE } from "../emulators/sqs.ts";
import * as errors from "../errors.ts";
import { ROOT, readLocalKey, resolveDataDir } from "../targets/data-dir.ts";
import { postgresFromEnv } from "../targets/from-env.ts";

const COMPOSE_FILE = join(ROOT, "docker-compose.yml");

/** The variables that name the services of docker-compose.yml to every command: the user's own if they are set, else its defaults. */
export function readComposeEnvironment(env: Environment) {
  const value = (name: string) => env[name] || readDefault(name);
  const endpoint = `http://localhost:${value("LOCALSTACK_PORT")}`;
  return {
    AWS_ENDPOINT_URL: endpoint,
    QUEUE_URL: `${endpoint}/000000000000/${QUEUE}`,
    // LocalStack accepts any key; its queues are created in this region.
    ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    ...{ PGHOST: "localhost", PGPORT: value("PGPORT"), PGPASSWORD: value("PGPASSWORD") },
    // The defaults of the image.
    ...{ PGUSER: "postgres", PGDATABASE: "postgres" },
  };
}

/** As docker-compose.yml gives it: `${PGPORT:-5432}`. */
function readDefault(variable: string): string {
  const found = new RegExp(`\\$\\{${variable}:-([^}]*)\\}`).exec(readFileSync(COMPOSE_FILE, "utf8"))?.[1];
  if (found === undefined) throw new Error(`${COMPOSE_FILE} gives ${variable} no default.`);
  return found;
}

/** The variables that the environment lacks to name LocalStack and Postgres: if it names no Postgres, those of docker-compose.yml. */
export function buildLocalEnvironment(env: Environment): Record<string, string> {
  const { AWS_ENDPOINT_URL, PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD } = readComposeEnvironment(env);
  const endpoint = { AWS_ENDPOINT_URL: env.AWS_ENDPOINT_URL || AWS_ENDPOINT_URL };
  if (env.DATABASE_URL || env.PGHOST) return endpoint;
  // LocalStack runs functions in its own network, in which the service has this name.
  const seen = { FUNCTION_PGHOST: env.FUNCTION_PGHOST || "postgres", FUNCTION_PGPORT: env.FUNCTION_PGPORT || "5432" };
  return { ...endpoint, ...seen, PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD };
}

export type FunctionPostgres = ReturnType<typeof readFunctionPostgres>;

/**
 * Reads how the function reaches Postgres: variables of its environment, and the password, which is stored elsewhere.
 * @param env `FUNCTION_PGHOST` and `FUNCTION_PGPORT` name Postgres if the function needs another address than this machine
 */
export function readFunctionPostgres(env: Environment) {
  const postgres = postgresFromEnv(env);
  if (!postgres) throw errors.noPostgresInEnv();
  // A connection string comes last and wins.
  const given = { port: Number(env.PGPORT || 5432), database: env.PGDATABASE, password: env.PGPASSWORD, ...postgres.config };
  const { host, port, user = "", database = user, password } = new pg.Client(given);
  return {
    variables: {
      [ENV.host]: env.FUNCTION_PGHOST || host,
      [ENV.port]: env.FUNCTION_PGPORT || String(port),
      [ENV.user]: user,
      [ENV.database]: database,
    },
    password: password ?? "",
  };
}

/** Reads the key that `masqueue start --env` masks with, in the same environment. @throws UserError */
export function readKeyMaterial(env: Environment): Uint8Array {
  const { [ENV.kmsKey]: kmsKey, [ENV.keyFile]: keyFile } = env;
  if (kmsKey) throw errors.kmsKeyForLocalStack(ENV.kmsKey, ENV.keyFile);
  if (!keyFile) return readLocalKey(resolveDataDir().keyFile);
  try {
    return readFileSync(keyFile);
  } catch {
    throw errors.unreadableKeyFile(ENV.keyFile, keyFile);
  }
}
