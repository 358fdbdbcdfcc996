import { type App, CliCredentialsStackSynthesizer } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { ENV, ingestStackName } from "../../lambda/names.ts";
import type { PipelineStage, Stage } from "../config/schema.ts";
import { IngestStack } from "../stacks/ingest.ts";

/** LocalStack's account. With it in the stack, CDK refuses to deploy the stack anywhere else. */
const ACCOUNT = "000000000000";

/** A bad message reaches the dead-letter queue after half a minute, instead of the 28 minutes that an outage in AWS may last. */
const QUICK = { timeout: 10, batchWindow: 1, visibilityTimeout: 10, maxReceiveCount: 3 } satisfies Partial<PipelineStage>;

/**
 * Reads what stage `local` uses and does not create: `npm run local:deploy` creates it in LocalStack and sets these variables. Those of
 * Postgres are as the function reaches it.
 * @throws Error if a variable is missing
 */
export function readServices(env: Readonly<Record<string, string | undefined>>) {
  const read = (name: string) => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set: stage local is deployed by npm run local:deploy.`);
    return value;
  };
  const secretArn = read(ENV.passwordSecret);
  const names = [ENV.host, ENV.port, ENV.user, ENV.database];
  return {
    region: read("AWS_REGION"),
    /** Where code is on its way into LocalStack. */
    assetsBucket: read("ASSETS_BUCKET"),
    maskingKeyArn: read(ENV.kmsKey),
    access: {
      environment: {
        ...Object.fromEntries(names.map((name) => [name, read(name)])),
        [ENV.passwordSecret]: secretArn,
        // A Postgres on a laptop has no certificate that can be verified.
        [ENV.sslMode]: "disable",
      },
      statements: [new iam.PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [secretArn] })],
    },
  };
}

/** The ingest stacks of AWS in LocalStack: without a network, a database and alarms, on this machine's processor. */
export function createLocalStacks(app: App, stage: Stage, services: ReturnType<typeof readServices>, code: string): IngestStack[] {
  return Object.entries(stage.pipelines).map(([pipeline, settings]) => {
    const stack = new IngestStack(app, `Ingest-${pipeline}`, {
      stackName: ingestStackName(stage.name, pipeline),
      env: { account: ACCOUNT, region: services.region },
      // Needs a bucket and no roles: LocalStack enforces none.
      synthesizer: new CliCredentialsStackSynthesizer({ fileAssetsBucketName: services.assetsBucket }),
      stage,
      pipeline,
      settings: { ...settings, ...QUICK },
      network: undefined,
      access: () => services.access,
      maskingKeyArn: services.maskingKeyArn,
      topics: undefined,
      code,
      architecture: process.arch === "arm64" ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
    });
    // LocalStack writes a function's log into the group of this name, whatever group the function names.
    const logGroupName = `/aws/lambda/masqueue-${stage.name}-${pipeline}`;
    for (const group of stack.node.findAll()) if (group instanceof logs.CfnLogGroup) group.logGroupName = logGroupName;
    return stack;
  });
}
