import { CfnOutput, Duration, Stack, type StackProps, Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import type { Construct } from "constructs";
import { ENV, ingestFunctionName, OUTPUTS } from "../../lambda/names.ts";
import { alarmOnIngest } from "../alarms/ingest.ts";
import type { PipelineStage, Stage } from "../config/schema.ts";
import type { PostgresAccess } from "../constructs/postgres-access.ts";
import { createPrivateFunction } from "../constructs/private-function.ts";
import { createOrImportQueues } from "../constructs/queues.ts";
import { ingestRoleName } from "../names.ts";
import type { Topics } from "./alerts.ts";
import type { NetworkStack } from "./network.ts";

export interface IngestStackProps extends StackProps {
  readonly stage: Stage;
  /** Name of the pipeline, or of the queue that several share. */
  readonly pipeline: string;
  readonly settings: PipelineStage;
  /** Undefined in LocalStack only, which has no VPC. */
  readonly network: NetworkStack | undefined;
  /** Called with the stack, so that the grants belong to it. */
  readonly access: (stack: Stack) => PostgresAccess;
  readonly maskingKeyArn: string;
  /** Undefined in LocalStack only, which gets no alarms. */
  readonly topics: Topics | undefined;
  /** Folder of the bundled ingest function. */
  readonly code: string;
  /** @default ARM_64, Graviton */
  readonly architecture?: lambda.Architecture;
}

/** One pipeline, or several that share a queue: the queue, the function that empties it, and the alarms on both. */
export class IngestStack extends Stack {
  constructor(scope: Construct, id: string, props: IngestStackProps) {
    super(scope, id, props);
    const { stage, pipeline, settings, maskingKeyArn, topics } = props;
    const access = props.access(this);
    const { queue, deadLetterQueue } = createOrImportQueues(this, pipeline, stage, settings);
    const fn = createPrivateFunction(this, "Ingest", {
      functionName: ingestFunctionName(stage.name, pipeline),
      roleName: ingestRoleName(this, stage.name, pipeline),
      network: props.network,
      code: props.code,
      handler: "index.handler",
      timeout: Duration.seconds(settings.timeout),
      memorySize: settings.memoryMiB,
      environment: { ...access.environment, [ENV.pipeline]: pipeline, [ENV.kmsKey]: maskingKeyArn },
      statements: [...access.statements, new iam.PolicyStatement({ actions: ["kms:GenerateMac"], resources: [maskingKeyArn] })],
      logRetentionDays: settings.logRetentionDays,
      keepData: stage.keepData,
      architecture: props.architecture,
    });
    const source = new SqsEventSource(queue, {
      batchSize: settings.batchSize,
      ...(settings.batchWindow > 0 && { maxBatchingWindow: Duration.seconds(settings.batchWindow) }),
      maxConcurrency: settings.maxConcurrency,
      reportBatchItemFailures: true,
    });
    fn.addEventSource(source);
    Validations.of(fn).acknowledge({
      id: "Serverless-LambdaEventSourceMappingDestination",
      reason: "SQS sources have none; the queue's dead-letter queue takes what fails.",
    });
    if (topics) alarmOnIngest(this, { stage, pipeline, settings, topics, queue, deadLetterQueue, fn });

    const outputs = {
      [OUTPUTS.queueUrl]: queue.queueUrl,
      ...(deadLetterQueue && { [OUTPUTS.deadLetterQueueUrl]: deadLetterQueue.queueUrl }),
      [OUTPUTS.functionName]: fn.functionName,
      [OUTPUTS.logGroup]: fn.logGroup.logGroupName,
      [OUTPUTS.eventSource]: source.eventSourceMappingId,
    };
    for (const [output, value] of Object.entries(outputs)) new CfnOutput(this, output, { value });
  }
}
