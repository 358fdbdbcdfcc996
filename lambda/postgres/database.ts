import pg from "pg";
import type { Deadline } from "../deadline.ts";
import * as errors from "../errors.ts";
import { findSystemCode, IngestError } from "../errors.ts";
import { type Failure, retry } from "../retry.ts";
import { assignBlame, dropsConnection, refusesLogin } from "./sqlstate.ts";

/** Milliseconds before each further attempt: some three seconds in all, which outlast a deadlock or a quick restart. */
const PAUSES = [50, 100, 200, 400, 800, 1600];

/** Milliseconds after which a server that does not answer counts as unavailable. */
const MAX_CONNECT = 5_000;

/**
 * Work on the connection.
 * @param failure the error of the attempt before; undefined at first
 */
export type Work<T> = (client: pg.Client, failure: IngestError | undefined) => Promise<T>;

/**
 * The one connection of a container: opened at its first use, kept between invocations, opened again after it broke.
 * A container handles one invocation at a time, so there is no pool.
 */
export class Database {
  readonly #config: pg.ClientConfig;
  #client: pg.Client | undefined;

  /** @param config as for `pg.Client`; a password function is called for each new connection, and its IngestError ends the run */
  constructor(config: pg.ClientConfig) {
    this.#config = config;
  }

  /**
   * Runs `work` with the connection, again (on a new one if needed) while its failure is transient and time is left.
   * `work` must handle a row's fault: one that it throws fails the batch.
   * @throws IngestError `database_unavailable`, `database_refused` or `out_of_time`; other IngestErrors unchanged
   */
  run<T>(work: Work<T>, deadline: Deadline): Promise<T> {
    return retry<T, IngestError>(
      (failure) => deadline.guard(this.#attempt(work, failure, deadline), () => this.#drop()),
      (error, earlier) => this.#assess(error, earlier, deadline),
      PAUSES,
      deadline,
    );
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
    // Before the connection is opened: an unavailable password service must not look like an unavailable database.
    const password = await this.#password(deadline);
    const connectionTimeoutMillis = Math.max(1, Math.min(MAX_CONNECT, deadline.remaining));
    const client = new pg.Client({ keepAlive: true, pipeline: true, ...this.#config, ...password, connectionTimeoutMillis });
    // Without a listener, a server that restarts while the connection is idle would end the process.
    client.on("error", () => {
      if (this.#client === client) this.#client = undefined;
    });
    try {
      return await client.connect();
    } catch (error) {
      throw error instanceof pg.DatabaseError ? error : new ConnectFailure(error);
    }
  }

  async #password(deadline: Deadline): Promise<{ password?: string }> {
    const { password } = this.#config;
    if (typeof password !== "function") return {};
    return { password: await deadline.limit(Promise.resolve(password()), errors.passwordLate()) };
  }

  /** Destroys the socket: the statement under way fails at once, and the server gives up an unfinished COPY. */
  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.connection.stream.destroy();
  }

  #assess(error: unknown, earlier: number, deadline: Deadline): Failure<IngestError> {
    if (error instanceof IngestError) return { error, retryable: false };
    if (deadline.passed) return { error: errors.databaseLate(), retryable: false };
    if (error instanceof pg.DatabaseError) {
      if (dropsConnection(error)) this.#drop();
      const retryable = assignBlame(error) === "transient" || (refusesLogin(error) && earlier === 0);
      return { error: errors.databaseRefused(error.code), retryable };
    }
    if (error instanceof ConnectFailure) return { error: errors.databaseUnavailable(error.message), retryable: true };
    // With the connection intact, the error is a mistake in `work`.
    return this.#client ? { error, retryable: false } : { error: errors.databaseUnavailable(), retryable: true };
  }
}

/** A connection that could not be opened; only the system's code of the reason is kept. */
class ConnectFailure extends Error {
  constructor(reason: unknown) {
    // pg gives this error no code.
    const isPlain = reason instanceof Error && /does not support SSL/.test(reason.message);
    super(findSystemCode(reason) ?? (isPlain ? "the server offers no TLS" : "no response"));
  }
}
