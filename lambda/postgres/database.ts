import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import type { Deadline } from "../deadline.ts";
import { IngestError, systemCodeOf } from "../errors.ts";
import { blameFor, dropsConnection, refusesLogin } from "./sqlstate.ts";

/** Pauses between tries, in milliseconds: some three seconds in all, which outlasts a deadlock or a quick restart. */
const PAUSES = [50, 100, 200, 400, 800, 1600];

/** Milliseconds after which a server that does not answer counts as away. */
const LONGEST_CONNECT = 5_000;

/**
 * What is done with the connection, for as long as it is needed.
 * @param failure why the try before failed; undefined at the first one
 */
export type Work<T> = (client: pg.Client, failure: IngestError | undefined) => Promise<T>;

/**
 * The one connection of a container. Opened at the first use, kept between invocations, opened anew after it broke.
 * An invocation runs alone in its container, so there is no pool.
 */
export class Database {
  readonly #config: pg.ClientConfig;
  #client: pg.Client | undefined;

  /** @param config as for `pg.Client`; a password function is asked at each new connection, and its IngestError ends the run */
  constructor(config: pg.ClientConfig) {
    this.#config = config;
  }

  /**
   * Runs `work` with a connection; again, on a new one where needed, while its failure is of the passing kind and time is left.
   * A row's fault is for `work` to handle: one that comes through here fails the batch.
   * @throws IngestError `database_unavailable`, `database_refused` or `out_of_time`; errors of our own pass unchanged
   */
  async run<T>(work: Work<T>, deadline: Deadline): Promise<T> {
    let failure: IngestError | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        return await deadline.guard(this.#attempt(work, failure, deadline), () => this.#drop());
      } catch (error) {
        if (error instanceof IngestError) throw error;
        const { again, error: own } = deadline.passed ? outOfTime() : this.#failureOf(error, attempt);
        failure = own;
        const pause = PAUSES[attempt];
        if (!again || pause === undefined || pause > deadline.remaining) throw failure;
        await wait(pause);
      }
    }
  }

  /** Ends the connection politely. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async #attempt<T>(work: Work<T>, failure: IngestError | undefined, deadline: Deadline): Promise<T> {
    this.#client ??= await this.#connect(deadline);
    return work(this.#client, failure);
  }

  async #connect(deadline: Deadline): Promise<pg.Client> {
    // Before the connection is made: a password service that is away must not look like a database that is.
    const password = await this.#password(deadline);
    const connectionTimeoutMillis = Math.max(1, Math.min(LONGEST_CONNECT, deadline.remaining));
    const client = new pg.Client({ keepAlive: true, ...this.#config, ...password, connectionTimeoutMillis });
    // Without a listener, a server that restarts while nothing is asked of it would end the process.
    client.on("error", () => {
      if (this.#client === client) this.#client = undefined;
    });
    try {
      return await client.connect();
    } catch (error) {
      throw error instanceof pg.DatabaseError ? error : new ConnectionFault(error);
    }
  }

  async #password(deadline: Deadline): Promise<{ password?: string }> {
    const { password } = this.#config;
    if (typeof password !== "function") return {};
    const late = new IngestError("login_unavailable", "The password for Postgres could not be had within the function's time.");
    return { password: await deadline.limit(Promise.resolve(password()), late) };
  }

  /** Destroys the socket: what is under way fails at once, and the server gives up an unfinished COPY. */
  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.connection.stream.destroy();
  }

  #failureOf(error: unknown, attempt: number): Failure {
    if (error instanceof pg.DatabaseError) {
      if (dropsConnection(error)) this.#drop();
      const again = blameFor(error) === "passing" || (refusesLogin(error) && attempt === 0);
      return { again, error: refused(error) };
    }
    if (!(error instanceof ConnectionFault) && this.#client) throw error;
    this.#drop();
    const cause = error instanceof ConnectionFault ? ` (${error.code})` : "";
    return {
      again: true,
      error: new IngestError("database_unavailable", `The connection to Postgres failed${cause}; the batch will be delivered again.`),
    };
  }
}

interface Failure {
  again: boolean;
  error: IngestError;
}

/** A connection that could not be made; of the reason only the system's code is kept. */
class ConnectionFault extends Error {
  readonly code: string;

  constructor(error: unknown) {
    super("connection failed");
    this.code = systemCodeOf(error) ?? "no answer";
  }
}

function refused(error: pg.DatabaseError): IngestError {
  const help = HELP[error.code ?? ""] ?? "See docs/operate.md for what each SQLSTATE asks for.";
  return new IngestError("database_refused", `Postgres answered with SQLSTATE ${error.code}. ${help}`, error.code);
}

/** What to do about the codes that a new installation meets first. */
const HELP: Readonly<Record<string, string>> = {
  "28P01": "User or password are wrong.",
  "3D000": "The database does not exist.",
  "42P01": "The table does not exist: run `masqueue migrate --env`.",
  "42501": "The role lacks a permission: run `masqueue migrate --env` as the table's owner.",
  "23514": "The table has no partition for the date of a row: add one.",
  "0A000": "Row security is on for the table; COPY refuses it.",
};

function outOfTime(): Failure {
  return {
    again: false,
    error: new IngestError("out_of_time", "Postgres did not answer within the function's time; the batch will be delivered again."),
  };
}
