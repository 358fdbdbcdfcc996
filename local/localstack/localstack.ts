import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { isLoopback } from "../targets/from-env.ts";
import { UserError } from "../terminal/errors.ts";
import { interrupted } from "../terminal/signals.ts";
import type { Environment } from "./compose-file.ts";

/** What the stack is made of, and what CDK itself calls; docker-compose.yml switches on no more. */
export const SERVICES = ["cloudformation", "iam", "kms", "lambda", "logs", "s3", "secretsmanager", "sqs", "sts"];

/** A LocalStack on this machine, and how to call it. */
export interface LocalStack {
  readonly endpoint: URL;
  readonly region: string;
  readonly version: string;
  readonly cloudFormation: CloudFormationClient;
  readonly kms: KMSClient;
  readonly lambda: LambdaClient;
  readonly secrets: SecretsManagerClient;
  close(): void;
}

/**
 * The LocalStack of `AWS_ENDPOINT_URL`.
 * @throws UserError where that is not on this machine (stage `local` never reaches an account of AWS), or is no LocalStack that can hold the stack
 */
export async function openLocalStack(env: Environment): Promise<LocalStack> {
  const endpoint = URL.parse(env.AWS_ENDPOINT_URL ?? "");
  if (!endpoint || !/^https?:$/.test(endpoint.protocol))
    throw new UserError("AWS_ENDPOINT_URL is not a URL like http://localhost:4566.", 2);
  if (!isLoopback(endpoint.hostname))
    throw new UserError(`AWS_ENDPOINT_URL names ${endpoint.host}, which is not this machine: stage local is deployed on it alone.`, 2);
  const version = await versionAt(endpoint.origin);
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || "us-east-1";
  // Complete, so that no profile and no further variable leads elsewhere.
  const config = { endpoint: endpoint.origin, region, credentials: { accessKeyId: "test", secretAccessKey: "test" }, profile: undefined };
  const clients = {
    cloudFormation: new CloudFormationClient(config),
    kms: new KMSClient(config),
    lambda: new LambdaClient(config),
    secrets: new SecretsManagerClient(config),
  };
  return {
    ...{ endpoint, region, version, ...clients },
    close() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

interface Health {
  readonly version?: string;
  readonly services?: Readonly<Record<string, string>>;
}

async function versionAt(origin: string): Promise<string> {
  const signal = AbortSignal.any([AbortSignal.timeout(10_000), interrupted]);
  const answer = await fetch(`${origin}/_localstack/health`, { signal }).catch(() => {
    throw new UserError(
      `There is no LocalStack at ${origin}: start it (docker compose up --wait), or name another one in AWS_ENDPOINT_URL.`,
    );
  });
  const { version, services } = (await answer.json().catch(() => ({}))) as Health;
  if (!version || !services) throw new UserError(`What answers at ${origin} is not LocalStack: name it in AWS_ENDPOINT_URL.`);
  const missing = SERVICES.filter((service) => !services[service] || services[service] === "disabled");
  if (missing.length > 0) throw new UserError(`LocalStack ${version} at ${origin} runs without ${missing.join(", ")}: see its SERVICES.`);
  return version;
}
