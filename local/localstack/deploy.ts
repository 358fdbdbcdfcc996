import { parseArgs } from "node:util";
import { ENV, OUTPUTS } from "../../lambda/names.ts";
import * as errors from "../errors.ts";
import { resolveDataDir } from "../targets/data-dir.ts";
import { migrateTarget, openRequiredPostgres } from "../targets/postgres.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { explainError, runProgram } from "../terminal/errors.ts";
import { checkInterrupted } from "../terminal/signals.ts";
import { deployStacks, type Outputs } from "./cdklocal.ts";
import { localEnvironment, readFunctionPostgres, readKeyMaterial } from "./environment.ts";
import { assertHealthy, waitUntilEnabled } from "./function.ts";
import { type LocalStack, openLocalStack } from "./localstack.ts";
import { putMaskingKey } from "./masking-key.ts";
import { putPassword } from "./password.ts";
import { createAssetsBucket } from "./stacks.ts";

await runProgram(deploy);

/** Deploys the ingest stacks, or updates them, in the LocalStack and for the Postgres of the environment. */
async function deploy(): Promise<void> {
  const { yes } = parseOptions();
  const before = { ...process.env };
  Object.assign(process.env, localEnvironment(before));
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

function describeNextSteps({ endpoint, region }: LocalStack, stacks: readonly Outputs[], before: NodeJS.ProcessEnv): string {
  // LocalStack names them with its own port, which may be another one on this machine.
  const queueUrls = stacks.map((outputs) => `${endpoint.origin}${URL.parse(outputs[OUTPUTS.queueUrl] ?? "")?.pathname ?? ""}`);
  const { AWS_ENDPOINT_URL: _, ...postgres } = localEnvironment(before);
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
