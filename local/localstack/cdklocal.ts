import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import * as errors from "../errors.ts";
import { ROOT } from "../targets/data-dir.ts";
import { checkInterrupted } from "../terminal/signals.ts";
import type { LocalStack } from "./localstack.ts";

/** The outputs of a stack. */
export type Outputs = Readonly<Record<string, string>>;

/** Ignored by git. */
const FOLDER = join(ROOT, "build/local");

/**
 * Deploys the app of infra/localstack with `cdklocal`.
 * @param variables what the app reads, without the region: the function's environment
 * @returns the outputs of each stack, by its name
 */
export async function deployStacks(
  localStack: LocalStack,
  variables: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, Outputs>>> {
  const outputs = join(FOLDER, "outputs.json");
  const command = createRequire(import.meta.url).resolve("aws-cdk-local/bin/cdklocal");
  const app = ["--app", `"${process.execPath}" infra/localstack/app.ts`, "--output", join(FOLDER, "cdk.out"), "--outputs-file", outputs];
  const quiet = ["--no-notices", "--no-version-reporting", "--require-approval", "never"];
  const child = spawn(process.execPath, [command, "deploy", "--all", ...app, ...quiet], {
    cwd: ROOT,
    env: { ...withoutAws(), ...awsVariables(localStack), ...variables },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = (await once(child, "close")) as [number | null];
  checkInterrupted();
  if (code !== 0) throw errors.failedDeployment();
  return JSON.parse(readFileSync(outputs, "utf8")) as Record<string, Outputs>;
}

/** This environment without passwords, and without variables that could lead CDK elsewhere. */
function withoutAws(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS_|PGPASSWORD$|DATABASE_URL$)/.test(name)));
}

function awsVariables({ endpoint, region }: LocalStack): Record<string, string> {
  // With an IP address, S3's clients put the bucket into the path; with a name, into the host, which then would have to resolve.
  const address = new URL(endpoint);
  if (!isIPv4(address.hostname)) address.hostname = "127.0.0.1";
  return {
    ...{ AWS_ENDPOINT_URL: endpoint.origin, AWS_ENDPOINT_URL_S3: address.origin },
    ...{ AWS_REGION: region, AWS_ENVAR_ALLOWLIST: "AWS_REGION" },
    ...{ CDK_DISABLE_CLI_TELEMETRY: "true", CDK_DISABLE_VERSION_CHECK: "1" },
  };
}
