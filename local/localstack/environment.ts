import { readFileSync } from "node:fs";
import pg from "pg";
import { ENV } from "../../lambda/names.ts";
import { dataDirAt, localKey } from "../targets/data-dir.ts";
import { type NamedPostgres, namedPostgres } from "../targets/from-env.ts";
import { UserError } from "../terminal/errors.ts";
import { composeEnvironment, type Environment } from "./compose-file.ts";

/** What the environment lacks to name LocalStack and Postgres: where it names no Postgres at all, the services of docker-compose.yml are meant. */
export function localEnvironment(env: Environment): Record<string, string> {
  const { AWS_ENDPOINT_URL, PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD } = composeEnvironment(env);
  const endpoint = { AWS_ENDPOINT_URL: env.AWS_ENDPOINT_URL || AWS_ENDPOINT_URL };
  if (env.DATABASE_URL || env.PGHOST) return endpoint;
  // LocalStack puts functions into its own network, where the service has this name.
  const seen = { FUNCTION_PGHOST: env.FUNCTION_PGHOST || "postgres", FUNCTION_PGPORT: env.FUNCTION_PGPORT || "5432" };
  return { ...endpoint, ...seen, PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD };
}

/** Postgres as the function is to find it in its environment, and its password, which is put elsewhere. */
export interface SeenPostgres {
  readonly variables: Readonly<Record<string, string>>;
  readonly password: string;
}

/** `FUNCTION_PGHOST` and `FUNCTION_PGPORT` name Postgres where the function sees it under another name than this machine. */
export function seenPostgres(env: Environment): SeenPostgres {
  // A connection string comes last and wins.
  const given = { port: Number(env.PGPORT || 5432), database: env.PGDATABASE, password: env.PGPASSWORD, ...named(env).config };
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

function named(env: Environment): NamedPostgres {
  const postgres = namedPostgres(env);
  if (!postgres) throw new UserError("Neither DATABASE_URL nor PGHOST is set.", 2);
  return postgres;
}

/** The bytes that `masqueue start --env` masks with, in the same environment. */
export function keyMaterial(env: Environment): Uint8Array {
  const { [ENV.kmsKey]: kmsKey, [ENV.keyFile]: keyFile } = env;
  if (kmsKey) {
    throw new UserError(`${ENV.kmsKey} is set, but LocalStack forgets its keys: stage local masks with a key file (${ENV.keyFile}).`, 2);
  }
  if (!keyFile) return localKey(dataDirAt().keyFile);
  try {
    return readFileSync(keyFile);
  } catch {
    throw new UserError(`${ENV.keyFile} names ${keyFile}, which cannot be read.`, 2);
  }
}
