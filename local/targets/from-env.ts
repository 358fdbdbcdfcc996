import { isIPv4 } from "node:net";
import { userInfo } from "node:os";
import { SQSClient } from "@aws-sdk/client-sqs";
import pg from "pg";
import { UserError } from "../terminal/errors.ts";
import { orQueryProtocol } from "./query-protocol.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const SSL_MODES = ["disable", "prefer", "require", "verify-ca", "verify-full", "no-verify"];

/** A service that the environment names: how to reach it, how to call it, and whether it is on this machine. */
export interface NamedPostgres {
  readonly config: pg.ClientConfig;
  readonly label: string;
  readonly isLoopback: boolean;
}

export interface NamedQueue {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly label: string;
  readonly isLoopback: boolean;
}

/** The database of `DATABASE_URL`, or else of `PGHOST` with the usual variables beside it, which pg reads; null where neither is set. */
export function namedPostgres(env: Environment): NamedPostgres | null {
  const { DATABASE_URL: connectionString, PGHOST: host } = env;
  if (!connectionString && !host) return null;
  if (connectionString && !/^postgres(ql)?:$/.test(URL.parse(connectionString)?.protocol ?? "")) {
    throw new UserError("DATABASE_URL is not a connection string like postgres://user:password@host:5432/database.", 2);
  }
  const config: pg.ClientConfig = {
    ...(connectionString ? { connectionString } : { host, user: env.PGUSER || userInfo().username }),
    application_name: "masqueue",
  };
  const { PGSSLMODE } = env;
  if (PGSSLMODE && !SSL_MODES.includes(PGSSLMODE))
    throw new UserError(`PGSSLMODE is "${PGSSLMODE}"; allowed are ${SSL_MODES.join(", ")}.`, 2);
  const { host: at, port, database, user } = new pg.Client(config);
  if (!Number.isInteger(port)) throw new UserError(`PGPORT is "${env.PGPORT}"; a port is a number from 1 to 65535.`, 2);
  return { config, label: `${at}:${port}/${database} as ${user}`, isLoopback: isLoopback(at) };
}

/** The queue of `QUEUE_URL`; null where that is not set. */
export function namedQueue(env: Environment): NamedQueue | null {
  return env.QUEUE_URL ? queueAt(env.QUEUE_URL, env) : null;
}

/** A queue by its URL, called where the environment's AWS endpoint is; in the environment's region, else in the URL's. */
export function queueAt(queueUrl: string, env: Environment): NamedQueue {
  const url = URL.parse(queueUrl);
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname.length < 2) {
    throw new UserError("QUEUE_URL is not a queue's URL like https://sqs.eu-west-1.amazonaws.com/123456789012/login-queue.", 2);
  }
  // Given to the client in so many words, so that what is shown is what is called.
  const endpoint = env.AWS_ENDPOINT_URL_SQS || env.AWS_ENDPOINT_URL || url.origin;
  const host = URL.parse(endpoint)?.hostname;
  if (!host) throw new UserError("AWS_ENDPOINT_URL is not a URL like http://localhost:4566.", 2);
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || /^sqs\.([a-z0-9-]+)\.amazonaws\./.exec(url.hostname)?.[1];
  const client = orQueryProtocol(new SQSClient({ endpoint, ...(region && { region }) }));
  return { client, queueUrl, label: host === url.hostname ? queueUrl : `${queueUrl} at ${endpoint}`, isLoopback: isLoopback(host) };
}

/** A name for this machine, or the folder of a socket. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || host.startsWith("/") || (isIPv4(host) && host.startsWith("127."));
}
