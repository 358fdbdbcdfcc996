import { Duration, Stack, Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { PipelineStage, Stage } from "../config/schema.ts";
import { queueNames, removalPolicy } from "../names.ts";

/** The queue of a pipeline and its dead-letter queue, created or existing. An existing queue's one is undefined unless configured. */
export function createOrImportQueues(scope: Construct, pipeline: string, stage: Stage, settings: PipelineStage) {
  const { queueArn, deadLetterQueueArn, queueKeyArn } = settings;
  if (!queueArn) return createQueues(scope, pipeline, stage, settings);
  return {
    queue: sqs.Queue.fromQueueAttributes(scope, "Queue", { queueArn, ...(queueKeyArn && { keyArn: queueKeyArn }) }),
    deadLetterQueue: deadLetterQueueArn ? sqs.Queue.fromQueueArn(scope, "DeadLetters", deadLetterQueueArn) : undefined,
  };
}

function createQueues(scope: Construct, pipeline: string, { name, keepData }: Stage, settings: PipelineStage) {
  const { queue: queueName, deadLetterQueue: deadLetterQueueName } = queueNames(name, pipeline, settings);
  const { partition, region, account } = Stack.of(scope);
  // By its name: otherwise the two queues would depend on each other.
  const source = sqs.Queue.fromQueueArn(scope, "Source", `arn:${partition}:sqs:${region}:${account}:${queueName}`);
  const deadLetterQueue = new sqs.Queue(scope, "DeadLetters", {
    queueName: deadLetterQueueName,
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    // Counted from the first enqueue, including the time in the queue: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    retentionPeriod: Duration.days(14),
    removalPolicy: removalPolicy(keepData),
    redriveAllowPolicy: { redrivePermission: sqs.RedrivePermission.BY_QUEUE, sourceQueues: [source] },
  });
  Validations.of(deadLetterQueue).acknowledge({ id: "Serverless-SQSRedrivePolicy", reason: "It is the dead-letter queue." });
  const readers = [...settings.deadLetterReaders];
  deadLetterQueue.addToResourcePolicy(
    // Dead letters contain raw values: only these roles receive them, whatever a principal's own policy says.
    new iam.PolicyStatement({
      sid: "OnlyNamedRolesReceive",
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions: ["sqs:ReceiveMessage"],
      resources: [deadLetterQueue.queueArn],
      ...(readers.length > 0 && { conditions: { ArnNotEquals: { "aws:PrincipalArn": readers } } }),
    }),
  );
  const queue = new sqs.Queue(scope, "Queue", {
    queueName,
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(4),
    removalPolicy: removalPolicy(keepData),
    visibilityTimeout: Duration.seconds(settings.visibilityTimeout),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: settings.maxReceiveCount },
  });
  return { queue, deadLetterQueue };
}
