import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ENV, OUTPUTS } from "../../lambda/names.ts";
import { checkHealth, readEventSource } from "../aws/function.ts";
import * as errors from "../errors.ts";
import { ROOT, resolveDataDir } from "../targets/data-dir.ts";
import { migrateTarget, openRequiredPostgres } from "../targets/postgres.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { explainError, runProgram } from "../terminal/program.ts";
import { checkInterrupted, interrupted } from "../terminal/signals.ts";
import { buildLocalEnvironment, type FunctionPostgres, readFunctionPostgres, readKeyMaterial } from "./environment.ts";
import { type LocalStack, openLocalStack } from "./localstack.ts";
import { putMaskingKey } from "./masking-key.ts";
import { putPassword } from "./password.ts";
import { createAssetsBucket } from "./stacks.ts";

/** The outputs of a stack. */
type Outputs = Readonly<Record<string, string>>;

/** Ignored by git. */
const FOLDER = join(ROOT, "build/local");
/** Milliseconds between two looks at the event source, and until the deployment has failed. */
const POLL = 500;
const TIMEOUT = 60_000;

await runProgram(deploy);

/** Deploys the ingest stacks, or updates them, in the LocalStack and for the Postgres of the environment. */
async function deploy(): Promise<void> {
  const { yes } = parseOptions();
  const before = { ...process.env };
  Object.assign(process.env, buildLocalEnvironment(before));
  const postgres = readFunctionPostgres(process.env);
  using localStack = await openLocalStack(process.env);
  const material = readKeyMaterial(process.env);
  console.log(`LocalStack ${localStack.version} at ${localStack.endpoint.origin}, ${localStack.region}`);
  await updateSchema(yes);
  const outputs = await deployStacks(localStack, {
    ...postgres.variables,
    [ENV.passwordSecret]: await putPassword(localStack.secrets, postgres.password),
    [ENV.kmsKey]: await putMaskingKey(localStack.kms, material),
    ASSETS_BUCKET: await createAssetsBucket(localStack.cloudFormation),
  });
  for (const stack of Object.values(outputs)) {
    await waitUntilEnabled(localStack, stack);
    await assertHealthy(localStack, stack, postgres);
  }
  console.log(describeNextSteps(localStack, Object.values(outputs), before));
}

function parseOptions(): { yes: boolean } {
  try {
    return parseArgs({ options: { yes: { type: "boolean", default: false } } }).values;
  } catch (error) {
    throw errors.unknownOption(explainError(error));
  }
}

/** Migrates before the deployment, as in AWS: the old code runs on the new table. */
async function updateSchema(yes: boolean): Promise<void> {
  await using postgres = await openRequiredPostgres(resolveDataDir(), true);
  console.log(`Postgres   ${postgres.label}`);
  await confirmTargets([postgres], yes);
  const names = await migrateTarget(postgres);
  console.log(`Migrations ${names.join(", ") || "none pending"}`);
  checkInterrupted();
}

/**
 * Deploys the app of infra/localstack with `cdklocal`.
 * @param variables what the app reads, without the region: the function's environment
 * @returns the outputs of each stack, by its name
 */
async function deployStacks(localStack: LocalStack, variables: Record<string, string>): Promise<Record<string, Outputs>> {
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
    AWS_ENDPOINT_URL: endpoint.origin,
    AWS_ENDPOINT_URL_S3: address.origin,
    AWS_REGION: region,
    AWS_ENVAR_ALLOWLIST: "AWS_REGION",
    CDK_DISABLE_CLI_TELEMETRY: "true",
    CDK_DISABLE_VERSION_CHECK: "1",
  };
}

/** Waits until the event source passes messages to the function. @throws UserError if that takes too long */
async function waitUntilEnabled({ lambda }: LocalStack, outputs: Outputs): Promise<void> {
  const late = AbortSignal.timeout(TIMEOUT);
  for (;;) {
    checkInterrupted();
    const { state, reason } = await readEventSource(lambda, outputs[OUTPUTS.eventSource] ?? "", AbortSignal.any([late, interrupted]));
    if (state === "Enabled") return;
    if (late.aborted) throw errors.disabledEventSource(state, reason);
    await wait(POLL);
  }
}

/** Invokes the function without a message: it checks Postgres, its table and its masking key. @throws UserError */
async function assertHealthy({ lambda }: LocalStack, outputs: Outputs, { variables }: FunctionPostgres): Promise<void> {
  const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT), interrupted]);
  const { failure } = await checkHealth(lambda, outputs[OUTPUTS.functionName] ?? "", signal);
  if (!failure) return;
  const address = `${variables.PGHOST}:${variables.PGPORT}`;
  const help = ` The function looks for it at ${address}; if it needs another address, set FUNCTION_PGHOST and FUNCTION_PGPORT and deploy again.`;
  throw errors.brokenFunction(failure.code, failure.reason, failure.code === "database_unavailable" ? help : "");
}

function describeNextSteps({ endpoint, region }: LocalStack, stacks: readonly Outputs[], before: NodeJS.ProcessEnv): string {
  // LocalStack names them with its own port, which may be another one on this machine.
  const queueUrls = stacks.map((outputs) => `${endpoint.origin}${URL.parse(outputs[OUTPUTS.queueUrl] ?? "")?.pathname ?? ""}`);
  const { AWS_ENDPOINT_URL: _, ...postgres } = buildLocalEnvironment(before);
  const variables = {
    ...{ AWS_ENDPOINT_URL: endpoint.origin, AWS_REGION: region, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    ...postgres,
    QUEUE_URL: queueUrls[0],
  };
  // The user's own password is not printed.
  const shown = Object.entries(variables).filter(([name]) => !(name === ENV.password && before[name]));
  return `
Queue      ${queueUrls.join("\nQueue      ")}

The function waits for messages. To send some, and to see their outcomes:

  export ${shown.map(([name, value]) => `${name}=${value}`).join(" \\\n         ")}
  npx masqueue send events/logins.jsonl --env
  npx masqueue status --env`;
}
