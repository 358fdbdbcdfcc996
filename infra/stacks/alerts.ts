import { Annotations, Duration, RemovalPolicy, Stack, type StackProps, Validations } from "aws-cdk-lib";
import * as cloudtrail from "aws-cdk-lib/aws-cloudtrail";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as s3 from "aws-cdk-lib/aws-s3";
import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { Urgency } from "../alarms/catalogue.ts";
import type { Stage } from "../config/schema.ts";
import { removalPolicy } from "../names.ts";

/** Where alarms go. */
export type Topics = Readonly<Record<Urgency, sns.ITopic>>;

/** Instead of an address. */
const NONE = "none";

/** The topics of alarms, and the trail that makes uses of the masking key visible. Every other stack depends on this one. */
export class AlertsStack extends Stack {
  readonly topics: Topics;

  constructor(scope: Construct, id: string, { stage, ...props }: { stage: Stage } & StackProps) {
    super(scope, id, props);
    const { pageEmail, ticketEmail, trail } = stage.alerts;
    const key = createTopicsKey(this, stage);
    this.topics = {
      page: createTopic(this, "Page", `masqueue-${stage.name}-page`, key, pageEmail),
      ticket: createTopic(this, "Ticket", `masqueue-${stage.name}-ticket`, key, ticketEmail),
    };
    if (pageEmail === NONE) Annotations.of(this).addWarningV2("masqueue:no-pages", "alerts.pageEmail is none: nobody receives a page.");
    if (trail) createTrail(this, stage);
  }
}

function createTopicsKey(scope: Construct, { name }: Stage): kms.Key {
  const key = new kms.Key(scope, "TopicsKey", {
    description: `Masqueue ${name}: alarms on their way`,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  for (const statement of allowPublishers(scope, ["kms:Decrypt", "kms:GenerateDataKey*"], "*")) key.addToResourcePolicy(statement);
  return key;
}

/** Encrypted; with an e-mail subscription if an address is configured. */
function createTopic(scope: Construct, id: string, topicName: string, masterKey: kms.Key, address: string | undefined): sns.Topic {
  const topic = new sns.Topic(scope, id, { topicName, masterKey, enforceSSL: true });
  for (const statement of allowPublishers(scope, ["sns:Publish"], topic.topicArn)) topic.addToResourcePolicy(statement);
  if (address && address !== NONE) {
    topic.addSubscription(new EmailSubscription(address));
    Validations.of(topic).acknowledge({
      id: "Serverless-SNSRedrivePolicy",
      reason: "SNS tries for hours to deliver an e-mail; after that it is too old to help, and the alarm's state still shows it.",
    });
  }
  return topic;
}

/**
 * EventBridge sends nothing by which a condition could know the account, neither to a topic nor to a topic's key: with a condition, its
 * messages would be dropped (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html).
 */
function allowPublishers(scope: Construct, actions: string[], resource: string): iam.PolicyStatement[] {
  const conditions = { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } };
  const allow = { actions, resources: [resource] };
  return [
    new iam.PolicyStatement({ ...allow, principals: [new iam.ServicePrincipal("cloudwatch.amazonaws.com")], conditions }),
    new iam.PolicyStatement({ ...allow, principals: [new iam.ServicePrincipal("events.amazonaws.com")] }),
  ];
}

/**
 * Records the account's management events of this Region, reads included. EventBridge sees uses of the masking key only if a trail
 * records them. The first trail of an account costs nothing but its storage; a second one costs per event.
 */
function createTrail(scope: Construct, { name, keepData }: Stage): void {
  const bucket = new s3.Bucket(scope, "TrailBucket", {
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    lifecycleRules: [{ expiration: Duration.days(365), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    removalPolicy: removalPolicy(keepData),
    autoDeleteObjects: !keepData,
  });
  Validations.of(bucket).acknowledge({
    id: "AwsSolutions-S1",
    reason:
      "The bucket is itself a log, written by CloudTrail alone and validated by its digests; a log of its readers would need another bucket.",
  });
  const { partition, region, account } = Stack.of(scope);
  const trailName = `masqueue-${name}`;
  const sourceArn = `arn:${partition}:cloudtrail:${region}:${account}:trail/${trailName}`;
  bucket.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: "OnlyThisTrail",
      effect: iam.Effect.DENY,
      principals: [new iam.ServicePrincipal("cloudtrail.amazonaws.com")],
      actions: ["s3:*"],
      resources: [bucket.bucketArn, bucket.arnForObjects("*")],
      conditions: { StringNotEquals: { "aws:SourceArn": sourceArn } },
    }),
  );
  new cloudtrail.Trail(scope, "Trail", {
    trailName,
    bucket,
    managementEvents: cloudtrail.ReadWriteType.ALL,
    // In us-east-1 it also records IAM's calls, which are events of no other Region.
    isMultiRegionTrail: false,
  });
}
