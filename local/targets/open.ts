import { relative } from "node:path";
import type { SQSClient } from "@aws-sdk/client-sqs";
import pg from "pg";
import { type MigrateOptions, MigrationError, migrate } from "../../lambda/schema/runner.ts";
import { startPostgres } from "../emulators/postgres/server.ts";
import { createQueues, DEAD_LETTER_QUEUE, QUEUE, startSqs } from "../emulators/sqs.ts";
import { UserError } from "../terminal/errors.ts";
import { explainError } from "../terminal/explain.ts";
import type { Home } from "./data-dir.ts";
import { namedPostgres, namedQueue } from "./from-env.ts";

/** A database to work on, however it came about. */
export interface OpenPostgres {
  readonly config: pg.ClientConfig;
  readonly label: string;
  /** Aborted when an embedded server has ended under the run. */
  readonly lost: AbortSignal;
  /** Where the data lies: a folder, or the server. */
  readonly place: string;
  readonly isEmbedded: boolean;
  readonly isLoopback: boolean;
  close(): Promise<void>;
}

export interface OpenQueue {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly label: string;
  readonly isEmbedded: boolean;
  readonly isLoopback: boolean;
  close(): Promise<void>;
}

/** Seconds: short, so that a rejected message is in the dead-letter queue while one still watches; a local batch takes milliseconds. */
const EMBEDDED_VISIBILITY_TIMEOUT = 1;

/** Whatever the environment holds, embedded services are used unless `env` says otherwise: nobody's database is migrated by a first try. */
export async function openPostgres(home: Home, env: boolean): Promise<OpenPostgres> {
  const named = env ? namedPostgres(process.env) : null;
  if (named) return { ...named, place: named.label, lost: new AbortController().signal, isEmbedded: false, close: async () => {} };
  const server = await startPostgres(home.embedded);
  return {
    config: server.config,
    label: `embedded, 127.0.0.1:${server.config.port}`,
    place: relative(process.cwd(), home.embedded),
    lost: server.lost,
    isEmbedded: true,
    isLoopback: true,
    close: () => server.stop(),
  };
}

/** As {@link openPostgres}, where a named database is what the command is about. */
export async function openNamedPostgres(home: Home, env: boolean): Promise<OpenPostgres> {
  if (env && !namedPostgres(process.env)) throw new UserError("--env: neither DATABASE_URL nor PGHOST is set.", 2);
  return openPostgres(home, env);
}

export async function openQueue(env: boolean): Promise<OpenQueue> {
  const named = env ? namedQueue(process.env) : null;
  if (named) return { ...named, isEmbedded: false, close: async () => named.client.destroy() };
  const server = await startSqs();
  const queueUrl = await createQueues(server.client, EMBEDDED_VISIBILITY_TIMEOUT);
  const label = `embedded, ${QUEUE} at ${server.endpoint}, dead letters to ${DEAD_LETTER_QUEUE}`;
  return { client: server.client, queueUrl, label, isEmbedded: true, isLoopback: true, close: () => server.stop() };
}

/** A connection for as long as `work` takes; what Postgres says against it becomes a sentence. */
export async function withClient<T>(
  { config, label }: Pick<OpenPostgres, "config" | "label">,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, ...config });
  let ended = false;
  client.on("error", () => {
    ended = true;
  });
  try {
    await client.connect();
  } catch (error) {
    const verb = error instanceof pg.DatabaseError ? "does not let us in" : "cannot be reached";
    throw new UserError(`Postgres at ${label} ${verb}: ${explainError(error)}.`);
  }
  try {
    return await work(client);
  } catch (error) {
    // A query that Postgres refuses leaves the connection as it was.
    if (!ended) throw error;
    throw new UserError(`The connection to Postgres at ${label} was lost.`);
  } finally {
    await client.end().catch(() => {});
  }
}

export async function migrateTarget(target: OpenPostgres, options: MigrateOptions = {}): Promise<string[]> {
  try {
    return await withClient(target, (client) => migrate(client, options));
  } catch (error) {
    if (error instanceof MigrationError) throw new UserError(error.message);
    throw error;
  }
}
