import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { IngestError } from "../errors.ts";
import { MigrationError } from "./migration-error.ts";
import { refusesLogin } from "./sqlstate.ts";

/** Postgres was reached and did not let the user in. */
export class LoginRefused extends MigrationError {}

/** Milliseconds after which a server that does not answer counts as away. */
const LONGEST_CONNECT = 10_000;

export interface SessionOptions {
  /** What to do about a refused login, a sentence. */
  readonly help: string;
  /** Between further tries of a login that is refused, in milliseconds. */
  readonly pauses?: readonly number[];
}

/**
 * A connection for as long as `work` takes.
 * @throws LoginRefused, or MigrationError where the server cannot be reached
 */
export async function session<T>(config: pg.ClientConfig, options: SessionOptions, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(config, options);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

async function connect(config: pg.ClientConfig, { help, pauses = [] }: SessionOptions): Promise<pg.Client> {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({ connectionTimeoutMillis: LONGEST_CONNECT, keepAlive: true, ...config });
    // Without a listener, a server that restarts between two statements would end the process.
    client.on("error", () => {});
    try {
      return await client.connect();
    } catch (error) {
      const isRefused = error instanceof pg.DatabaseError && refusesLogin(error);
      const pause = pauses[attempt];
      if (!isRefused) throw unreachable(config, error);
      if (pause === undefined) throw new LoginRefused(`Postgres does not let ${config.user} in (SQLSTATE ${error.code}). ${help}`);
      await wait(pause);
    }
  }
}

/** Errors of our own (a secret that cannot be read) pass; of others only the code is told. */
function unreachable({ host, port, database }: pg.ClientConfig, error: unknown): unknown {
  if (error instanceof IngestError) return error;
  if (error instanceof pg.DatabaseError)
    return new MigrationError(`Postgres refused the connection to database ${database} (SQLSTATE ${error.code}).`);
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : "no answer";
  return new MigrationError(`Postgres at ${host}:${port} cannot be reached (${code}).`);
}
