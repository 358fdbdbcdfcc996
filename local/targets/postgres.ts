import { relative } from "node:path";
import pg from "pg";
import { type MigrateOptions, migrate } from "../../lambda/schema/runner.ts";
import { startPostgres } from "../emulators/postgres/server.ts";
import * as errors from "../errors.ts";
import type { Target } from "../terminal/confirm.ts";
import { explainError } from "../terminal/program.ts";
import type { DataDir } from "./data-dir.ts";
import { postgresFromEnv } from "./from-env.ts";

/** A database to work on: embedded, or from the environment. */
export interface PostgresTarget extends Target, AsyncDisposable {
  readonly config: pg.ClientConfig;
  /** The folder of the data, or the server. */
  readonly place: string;
  readonly isEmbedded: boolean;
  /** Aborted when an embedded server ends although it is in use. */
  readonly lost: AbortSignal;
}

/**
 * Opens the embedded database, even if the environment names another: a first try migrates no production database.
 * @param env true if the command was given `--env`: then the database of the environment, if it names one
 */
export async function openPostgres(dataDir: DataDir, env: boolean): Promise<PostgresTarget> {
  const named = env ? postgresFromEnv(process.env) : null;
  if (named) return named;
  const server = await startPostgres(dataDir.embedded);
  return {
    ...{ config: server.config, label: `embedded, 127.0.0.1:${server.config.port}`, lost: server.lost },
    ...{ place: relative(process.cwd(), dataDir.embedded), isEmbedded: true, isLoopback: true },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** As {@link openPostgres}. @throws UserError if `env` is true and the environment names no database */
export async function openRequiredPostgres(dataDir: DataDir, env: boolean): Promise<PostgresTarget> {
  if (env && !postgresFromEnv(process.env)) throw errors.noPostgresInEnv();
  return openPostgres(dataDir, env);
}

/** Connects for as long as `work` takes. @throws UserError if Postgres cannot be reached, refuses the login or ends the connection */
export async function withClient<T>({ config, label }: PostgresTarget, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, ...config });
  let isLost = false;
  client.on("error", () => {
    isLost = true;
  });
  try {
    await client.connect();
  } catch (error) {
    const reason = explainError(error);
    throw error instanceof pg.DatabaseError ? errors.refusedLogin(label, reason) : errors.unreachablePostgres(label, reason);
  }
  try {
    return await work(client);
  } catch (error) {
    // A query that Postgres refuses leaves the connection open.
    throw isLost ? errors.lostPostgres(label) : error;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Brings a database up to date. @returns the names of the migrations @throws UserError, MigrationError */
export function migrateTarget(target: PostgresTarget, options: MigrateOptions = {}): Promise<string[]> {
  return withClient(target, (client) => migrate(client, options));
}
