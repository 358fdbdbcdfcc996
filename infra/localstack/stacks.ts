import { type App, CliCredentialsStackSynthesizer } from "aws-cdk-lib";
import { Architecture } from "aws-cdk-lib/aws-lambda";
import { CfnLogGroup } from "aws-cdk-lib/aws-logs";
import { ingestStackName } from "../../lambda/names.ts";
import type { PipelineStage, Stage } from "../config/stage.ts";
import { IngestStack } from "../stacks/ingest.ts";
import type { LocalServices } from "./services.ts";

/** LocalStack's account. With it in the stack, CDK refuses to deploy it anywhere else. */
const ACCOUNT = "000000000000";

/** So that a bad message is in the dead-letter queue after half a minute, and not after the 28 that an outage in AWS may last. */
const QUICK = { timeout: 10, batchWindow: 1, visibilityTimeout: 10, maxReceiveCount: 3 } satisfies Partial<PipelineStage>;

/** The ingest stacks of AWS in LocalStack: without a network, a database and alarms, on this machine's processor. */
export function composeLocal(app: App, stage: Stage, services: LocalServices, code: string): IngestStack[] {
  return Object.entries(stage.pipelines).map(([pipeline, settings]) => {
    const stack = new IngestStack(app, `Ingest-${pipeline}`, {
      stackName: ingestStackName(stage.name, pipeline),
      env: { account: ACCOUNT, region: services.region },
      // Needs a bucket, and no roles: LocalStack holds nobody to them.
      synthesizer: new CliCredentialsStackSynthesizer({ fileAssetsBucketName: services.assetsBucket }),
      stage,
      pipeline,
      settings: { ...settings, ...QUICK },
      network: undefined,
      access: () => services.access,
      maskingKeyArn: services.maskingKeyArn,
      topics: undefined,
      code,
      architecture: process.arch === "arm64" ? Architecture.ARM_64 : Architecture.X86_64,
    });
    nameLogGroup(stack, `/aws/lambda/masqueue-${stage.name}-${pipeline}`);
    return stack;
  });
}

/** LocalStack writes a function's log into the group of this name, whatever group the function names. */
function nameLogGroup(stack: IngestStack, logGroupName: string): void {
  for (const group of stack.node.findAll()) if (group instanceof CfnLogGroup) group.logGroupName = logGroupName;
}
