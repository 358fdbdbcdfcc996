import pg from "pg";
import * as errors from "../errors.ts";
import { assignBlame, refusesLogin } from "../postgres/sqlstate.ts";
import { type Failure, retry } from "../retry.ts";

/** Milliseconds after which a server that does not answer counts as unavailable. */
const MAX_CONNECT = 10_000;

export interface SessionOptions {
  /** The help in the error of a refused login. @default none */
  readonly help?: errors.LoginHelp;
  /** Milliseconds before each further attempt while Postgres accepts no connection. */
  readonly pauses: readonly number[];
  /** Retries a refused login, too. @default false */
  readonly retriesLogin?: boolean;
}

/**
 * Opens a connection for as long as `work` takes.
 * @throws LoginRefused; MigrationError if the server cannot be reached; the IngestError of a password that cannot be read
 */
export async function withSession<T>(
  config: pg.ClientConfig,
  options: SessionOptions,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await retry(
    () => connect(config),
    (error) => assess(error, config, options),
    options.pauses,
  );
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ connectionTimeoutMillis: MAX_CONNECT, keepAlive: true, ...config });
  // Without a listener, a server that restarts between two statements would end the process.
  client.on("error", () => {});
  try {
    return await client.connect();
  } catch (error) {
    // If the password could not be read, the server is still waiting for it.
    client.end().catch(() => {});
    throw error;
  }
}

/** Only the code of a foreign error is reported. */
function assess(error: unknown, { host, port, database, user }: pg.ClientConfig, options: SessionOptions): Failure<Error> {
  if (error instanceof errors.IngestError) return { error, retryable: false };
  if (!(error instanceof pg.DatabaseError))
    return { error: errors.serverUnreachable(host, port, errors.findSystemCode(error)), retryable: false };
  if (refusesLogin(error)) return { error: errors.loginRefused(user, error.code, options.help), retryable: options.retriesLogin ?? false };
  const retryable = assignBlame(error) === "transient";
  return { error: errors.connectionRefused(database, error.code, retryable), retryable };
}
