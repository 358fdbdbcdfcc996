import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { IngestError } from "../errors.ts";
import { blameFor, refusesLogin } from "../postgres/sqlstate.ts";
import { MigrationError } from "./error.ts";

/** Postgres was reached and did not let the user in. */
export class LoginRefused extends MigrationError {}

/** Milliseconds after which a server that does not answer counts as away. */
const LONGEST_CONNECT = 10_000;

/** About refusals that pass, by SQLSTATE. */
const WHAT_TO_DO: Readonly<Record<string, string>> = {
  "53300": "All connections are taken: end some or raise the limit (max_connections, CONNECTION LIMIT), then try again.",
  "57P03": "The server is starting up, shutting down or recovering: try again when it is available.",
};

export interface SessionOptions {
  /** What to do about a refused login, a sentence. */
  readonly help: string;
  /** Between further tries where Postgres takes no connection for the moment, in milliseconds. */
  readonly pauses: readonly number[];
  /** A login that is refused is tried again, too. @default false */
  readonly isPatient?: boolean;
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

async function connect(config: pg.ClientConfig, { help, pauses, isPatient = false }: SessionOptions): Promise<pg.Client> {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({ connectionTimeoutMillis: LONGEST_CONNECT, keepAlive: true, ...config });
    // Without a listener, a server that restarts between two statements would end the process.
    client.on("error", () => {});
    try {
      return await client.connect();
    } catch (error) {
      // Where the password could not be had, the server is still waiting for it.
      client.end().catch(() => {});
      const pause = pauses[attempt];
      if (pause === undefined || !mayPass(error, isPatient)) throw refusal(config, error, help);
      await wait(pause);
    }
  }
}

function mayPass(error: unknown, isPatient: boolean): boolean {
  return error instanceof pg.DatabaseError && (blameFor(error) === "passing" || (isPatient && refusesLogin(error)));
}

/** Errors of our own (a secret that cannot be read) pass; of others only the code is told. */
function refusal({ host, port, database, user }: pg.ClientConfig, error: unknown, help: string): unknown {
  if (error instanceof IngestError) return error;
  if (error instanceof pg.DatabaseError) {
    if (refusesLogin(error)) return new LoginRefused(`Postgres does not let ${user} in (SQLSTATE ${error.code}). ${help}`);
    const what = blameFor(error) === "passing" ? ` ${WHAT_TO_DO[error.code ?? ""] ?? "Try again later."}` : "";
    return new MigrationError(`Postgres refused the connection to database ${database} (SQLSTATE ${error.code}).${what}`);
  }
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : "no answer";
  return new MigrationError(`Postgres at ${host}:${port} cannot be reached (${code}).`);
}
