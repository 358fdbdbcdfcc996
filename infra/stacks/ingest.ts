import { CfnOutput, Duration, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Architecture, IFunction } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import type { Construct } from "constructs";
import { ENV, ingestFunctionName, OUTPUTS } from "../../lambda/names.ts";
import { alarmOnIngest } from "../alarms/ingest.ts";
import type { Topics } from "../alarms/topics.ts";
import type { PipelineStage, Stage } from "../config/stage.ts";
import type { PostgresAccess } from "../constructs/postgres-access.ts";
import { privateFunction } from "../constructs/private-function.ts";
import { type Queues, queuesFor } from "../constructs/queues.ts";
import { ingestRoleName } from "../names.ts";
import type { Network } from "./network.ts";

export interface IngestStackProps extends StackProps {
  readonly stage: Stage;
  /** Name of the pipeline. */
  readonly pipeline: string;
  readonly settings: PipelineStage;
  /** Absent in LocalStack only, which has no VPC. */
  readonly network: Network | undefined;
  /** Called with the stack, so that what it grants belongs there. */
  readonly access: (stack: Stack) => PostgresAccess;
  readonly maskingKeyArn: string;
  /** Absent in LocalStack only; then there are no alarms. */
  readonly topics: Topics | undefined;
  /** Folder of the bundled ingest function. */
  readonly code: string;
  /** @default ARM_64, Graviton */
  readonly architecture?: Architecture;
}

/** One pipeline: its queue, the function that empties it, and the alarms on both. */
export class IngestStack extends Stack {
  readonly queues: Queues;
  readonly fn: IFunction;

  constructor(scope: Construct, id: string, props: IngestStackProps) {
    super(scope, id, props);
    const { stage, pipeline, settings, maskingKeyArn, topics } = props;
    const access = props.access(this);
    const name = ingestFunctionName(stage.name, pipeline);
    this.queues = queuesFor(this, name, settings, stage.keepData);
    const { queue, deadLetterQueue } = this.queues;
    const fn = privateFunction(this, "Ingest", {
      functionName: name,
      roleName: ingestRoleName(stage.name, pipeline),
      network: props.network,
      code: props.code,
      handler: "index.handler",
      timeout: Duration.seconds(settings.timeout),
      memoryMiB: settings.memoryMiB,
      environment: { ...access.environment, [ENV.pipeline]: pipeline, [ENV.kmsKey]: maskingKeyArn },
      statements: [...access.statements, new PolicyStatement({ actions: ["kms:GenerateMac"], resources: [maskingKeyArn] })],
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
    this.fn = fn;
    if (topics) alarmOnIngest(this, { stage, pipeline, settings, topics, queue, deadLetterQueue, fn });

    this.#tell(OUTPUTS.queueUrl, queue.queueUrl);
    if (deadLetterQueue) this.#tell(OUTPUTS.deadLetterQueueUrl, deadLetterQueue.queueUrl);
    this.#tell(OUTPUTS.functionName, fn.functionName);
    this.#tell(OUTPUTS.logGroup, fn.logGroup.logGroupName);
    this.#tell(OUTPUTS.eventSource, source.eventSourceMappingId);
  }

  #tell(output: string, value: string): void {
    new CfnOutput(this, output, { value });
  }
}
