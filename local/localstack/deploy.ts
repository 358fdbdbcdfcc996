import { parseArgs } from "node:util";
import { ENV, OUTPUTS } from "../../lambda/names.ts";
import { dataDirAt } from "../targets/data-dir.ts";
import { migrateTarget, openNamedPostgres } from "../targets/open.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { UserError } from "../terminal/errors.ts";
import { explainError } from "../terminal/explain.ts";
import { checkInterrupted } from "../terminal/signals.ts";
import { cdklocal, type Outputs } from "./cdklocal.ts";
import { keyMaterial, localEnvironment, seenPostgres } from "./environment.ts";
import { assertWorks, untilEnabled } from "./function.ts";
import { type LocalStack, openLocalStack } from "./localstack.ts";
import { maskingKey } from "./masking-key.ts";
import { putPassword } from "./password.ts";
import { script } from "./script.ts";
import { assetsBucket } from "./stacks.ts";

await script(deploy);

/** Deploys the ingest stacks into the LocalStack that the environment names, for the Postgres that it names, or brings them up to date. */
async function deploy(): Promise<void> {
  const { yes } = options();
  const before = { ...process.env };
  Object.assign(process.env, localEnvironment(before));
  const seen = seenPostgres(process.env);
  const localStack = await openLocalStack(process.env);
  try {
    const material = keyMaterial(process.env);
    console.log(`LocalStack ${localStack.version} at ${localStack.endpoint.origin}, ${localStack.region}`);
    await updateSchema(yes);
    const outputs = await cdklocal(localStack, {
      ...seen.variables,
      [ENV.passwordSecret]: await putPassword(localStack.secrets, seen.password),
      [ENV.kmsKey]: await maskingKey(localStack.kms, material),
      ASSETS_BUCKET: await assetsBucket(localStack.cloudFormation),
    });
    for (const stack of Object.values(outputs)) {
      await untilEnabled(localStack, stack);
      await assertWorks(localStack, stack, seen);
    }
    console.log(whatNext(localStack, outputs, before));
  } finally {
    localStack.close();
  }
}

function options(): { yes: boolean } {
  try {
    return parseArgs({ options: { yes: { type: "boolean", default: false } } }).values;
  } catch (error) {
    throw new UserError(`${explainError(error)}; --yes is all there is.`, 2);
  }
}

/** Migrations go first, as in AWS: the old code runs on the new table. */
async function updateSchema(yes: boolean): Promise<void> {
  const postgres = await openNamedPostgres(dataDirAt(), true);
  console.log(`Postgres   ${postgres.label}`);
  await confirmTargets([postgres], yes);
  const names = await migrateTarget(postgres);
  console.log(`Migrations ${names.join(", ") || "none pending"}`);
  checkInterrupted();
}

function whatNext({ endpoint, region }: LocalStack, outputs: Outputs, before: NodeJS.ProcessEnv): string {
  // LocalStack names them with its own port, which this machine may know by another one.
  const queueUrls = Object.values(outputs).map((stack) => `${endpoint.origin}${URL.parse(stack[OUTPUTS.queueUrl] ?? "")?.pathname ?? ""}`);
  const { PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD, FUNCTION_PGHOST, FUNCTION_PGPORT } = localEnvironment(before);
  const named = {
    AWS_ENDPOINT_URL: endpoint.origin,
    AWS_REGION: region,
    ...{ AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    ...{ PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD, FUNCTION_PGHOST, FUNCTION_PGPORT },
    QUEUE_URL: queueUrls[0],
  };
  // A password that was given is not shown.
  const shown = Object.entries(named).filter(([name, value]) => value && !(name === ENV.password && before[name]));
  return `
Queue      ${queueUrls.join("\nQueue      ")}

The function waits for messages. To send some, and to see what became of them:

  export ${shown.map(([name, value]) => `${name}=${value}`).join(" \\\n         ")}
  npx masqueue send events/logins.jsonl --env
  npx masqueue status --env`;
}
