import { isIPv4 } from "node:net";
import { userInfo } from "node:os";
import { SQSClient } from "@aws-sdk/client-sqs";
import pg from "pg";
import type { Environment } from "../../lambda/aws/environment.ts";
import * as errors from "../errors.ts";
import type { PostgresTarget } from "./postgres.ts";
import { fallBackToQueryProtocol } from "./query-protocol.ts";
import type { QueueTarget } from "./queue.ts";

const SSL_MODES = ["disable", "prefer", "require", "verify-ca", "verify-full", "no-verify"];

/** The database of `DATABASE_URL`, or else of `PGHOST` with the usual variables beside it, which pg reads; null if neither is set. */
export function postgresFromEnv(env: Environment): PostgresTarget | null {
  const { DATABASE_URL: connectionString, PGHOST, PGSSLMODE } = env;
  if (!connectionString && !PGHOST) return null;
  if (connectionString && !/^postgres(ql)?:$/.test(URL.parse(connectionString)?.protocol ?? "")) throw errors.invalidDatabaseUrl();
  if (PGSSLMODE && !SSL_MODES.includes(PGSSLMODE)) throw errors.invalidSslMode(PGSSLMODE, SSL_MODES);
  const address = connectionString ? { connectionString } : { host: PGHOST, user: env.PGUSER || userInfo().username };
  const config = { ...address, application_name: "masqueue" };
  const { host, port, database, user } = new pg.Client(config);
  if (!Number.isInteger(port)) throw errors.invalidPort(env.PGPORT);
  const label = `${host}:${port}/${database} as ${user}`;
  const lost = new AbortController().signal;
  return { config, label, place: label, isLoopback: isLoopback(host), isEmbedded: false, lost, [Symbol.asyncDispose]: async () => {} };
}

/** The queue of `QUEUE_URL`; null if that is not set. */
export function queueFromEnv(env: Environment): QueueTarget | null {
  return env.QUEUE_URL ? connectQueue(env.QUEUE_URL, env) : null;
}

/** A queue by its URL, called at the environment's AWS endpoint; in the environment's region, else in the URL's. */
export function connectQueue(queueUrl: string, env: Environment): QueueTarget {
  const url = URL.parse(queueUrl);
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname.length < 2) throw errors.invalidQueueUrl();
  // Passed to the client explicitly, so that the endpoint in the label is the one that is called.
  const endpoint = env.AWS_ENDPOINT_URL_SQS || env.AWS_ENDPOINT_URL || url.origin;
  const host = URL.parse(endpoint)?.hostname;
  if (!host) throw errors.invalidEndpoint("AWS_ENDPOINT_URL", endpoint);
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || /^sqs\.([a-z0-9-]+)\.amazonaws\./.exec(url.hostname)?.[1];
  const client = fallBackToQueryProtocol(new SQSClient({ endpoint, ...(region && { region }) }));
  const label = host === url.hostname ? queueUrl : `${queueUrl} at ${endpoint}`;
  return { client, queueUrl, label, isLoopback: isLoopback(host), isEmbedded: false, [Symbol.asyncDispose]: async () => client.destroy() };
}

/** Whether this is a name of this machine, or the folder of a socket. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || host.startsWith("/") || (isIPv4(host) && host.startsWith("127."));
}
