import { CloudFormation } from "@aws-sdk/client-cloudformation";
import { KMS } from "@aws-sdk/client-kms";
import { Lambda } from "@aws-sdk/client-lambda";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import type { Environment } from "../../lambda/aws/environment.ts";
import { destroyAll } from "../aws/account.ts";
import * as errors from "../errors.ts";
import { isLoopback } from "../targets/from-env.ts";
import { interrupted } from "../terminal/signals.ts";

/** The services that the stack and CDK itself need. docker-compose.yml enables them, and those of the tests. */
export const SERVICES = ["cloudformation", "iam", "kms", "lambda", "logs", "s3", "secretsmanager", "sqs", "sts"];

/** A LocalStack on this machine, and its clients. */
export type LocalStack = Awaited<ReturnType<typeof openLocalStack>>;

/**
 * Opens the LocalStack of `AWS_ENDPOINT_URL`.
 * @throws UserError if that is not on this machine (stage `local` never reaches an account of AWS), or cannot hold the stack
 */
export async function openLocalStack(env: Environment) {
  const endpoint = URL.parse(env.AWS_ENDPOINT_URL ?? "");
  if (!endpoint || !/^https?:$/.test(endpoint.protocol)) throw errors.invalidEndpoint("AWS_ENDPOINT_URL", env.AWS_ENDPOINT_URL);
  if (!isLoopback(endpoint.hostname)) throw errors.remoteLocalStack(endpoint.host);
  const version = await readVersion(endpoint.origin);
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || "us-east-1";
  // Complete, so that no profile and no other variable leads elsewhere.
  const config = { endpoint: endpoint.origin, region, credentials: { accessKeyId: "test", secretAccessKey: "test" }, profile: undefined };
  const clients = {
    cloudFormation: new CloudFormation(config),
    kms: new KMS(config),
    lambda: new Lambda(config),
    secrets: new SecretsManager(config),
  };
  return { endpoint, region, version, ...clients, [Symbol.dispose]: () => destroyAll(clients) };
}

/** For the `catch` of a call: undefined if the resource does not exist. */
export function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Error) || !/^(Resource)?NotFoundException$/.test(error.name)) throw error;
}

async function readVersion(origin: string): Promise<string> {
  const signal = AbortSignal.any([AbortSignal.timeout(10_000), interrupted]);
  const response = await fetch(`${origin}/_localstack/health`, { signal }).catch(() => {
    throw errors.noLocalStack(origin);
  });
  const { version, services } = (await response.json().catch(() => ({}))) as { version?: string; services?: Record<string, string> };
  if (!version || !services) throw errors.notLocalStack(origin);
  const missing = SERVICES.filter((service) => !services[service] || services[service] === "disabled");
  if (missing.length > 0) throw errors.missingServices(version, origin, missing);
  return version;
}
