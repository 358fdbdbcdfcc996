import { ArnFormat, Duration, Stack, Validations } from "aws-cdk-lib";
import { AnyPrincipal, Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { type IQueue, Queue, QueueEncryption, RedrivePermission } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { PipelineStage } from "../config/stage.ts";
import { removalPolicy } from "../names.ts";

export interface Queues {
  readonly queue: IQueue;
  /** Absent where an existing queue's one was not named. */
  readonly deadLetterQueue: IQueue | undefined;
}

/** The queue of a pipeline with its dead-letter queue, made or found. @param name of the queue, where it is made */
export function queuesFor(scope: Construct, name: string, settings: PipelineStage, keepData: boolean): Queues {
  return settings.queueArn ? existingQueues(scope, settings.queueArn, settings) : ownQueues(scope, name, settings, keepData);
}

function existingQueues(scope: Construct, queueArn: string, { deadLetterQueueArn, queueKeyArn }: PipelineStage): Queues {
  return {
    queue: Queue.fromQueueAttributes(scope, "Queue", { queueArn, ...(queueKeyArn && { keyArn: queueKeyArn }) }),
    deadLetterQueue: deadLetterQueueArn ? Queue.fromQueueArn(scope, "DeadLetters", deadLetterQueueArn) : undefined,
  };
}

function ownQueues(scope: Construct, queueName: string, settings: PipelineStage, keepData: boolean): Queues {
  const deadLetterQueue = new Queue(scope, "DeadLetters", {
    queueName: `${queueName}-dlq`,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    // Counted from the first enqueue, the time in the queue before included: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    retentionPeriod: Duration.days(14),
    removalPolicy: removalPolicy(keepData),
    redriveAllowPolicy: { redrivePermission: RedrivePermission.BY_QUEUE, sourceQueues: [named(scope, queueName)] },
  });
  Validations.of(deadLetterQueue).acknowledge({ id: "Serverless-SQSRedrivePolicy", reason: "It is the dead-letter queue." });
  deadLetterQueue.addToResourcePolicy(onlyReadBy(deadLetterQueue, settings.deadLetterReaders));
  const queue = new Queue(scope, "Queue", {
    queueName,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(4),
    removalPolicy: removalPolicy(keepData),
    visibilityTimeout: Duration.seconds(settings.visibilityTimeout),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: settings.maxReceiveCount },
  });
  return { queue, deadLetterQueue };
}

/** By its name: the two queues would need each other otherwise. */
function named(scope: Construct, resourceName: string): IQueue {
  const arn = Stack.of(scope).formatArn({ service: "sqs", resource: resourceName, arnFormat: ArnFormat.NO_RESOURCE_NAME });
  return Queue.fromQueueArn(scope, "Source", arn);
}

/** Dead letters hold raw values: whatever a principal's own policy says, only these roles receive them. */
function onlyReadBy(queue: Queue, roleArns: readonly string[]): PolicyStatement {
  return new PolicyStatement({
    sid: "OnlyNamedRolesReceive",
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ["sqs:ReceiveMessage"],
    resources: [queue.queueArn],
    ...(roleArns.length > 0 && { conditions: { ArnNotEquals: { "aws:PrincipalArn": [...roleArns] } } }),
  });
}
