import { RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { Stage } from "../config/stage.ts";
import type { Urgency } from "./articles.ts";

/** Where alarms go. */
export type Topics = Readonly<Record<Urgency, ITopic>>;

/** One topic for each urgency, encrypted, with an e-mail subscription where an address is configured. */
export function makeTopics(scope: Construct, { name, alerts }: Stage): Topics {
  const key = new Key(scope, "TopicsKey", {
    description: `Masqueue ${name}: alarms on their way`,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const publishers = publishersIn(Stack.of(scope));
  for (const publisher of publishers) key.addToResourcePolicy(mayUse(publisher, ["kms:Decrypt", "kms:GenerateDataKey*"], "*"));

  const topic = (id: string, urgency: Urgency, address: string | undefined) => {
    const topic = new Topic(scope, id, { topicName: `masqueue-${name}-${urgency}`, masterKey: key, enforceSSL: true });
    for (const publisher of publishers) topic.addToResourcePolicy(mayUse(publisher, ["sns:Publish"], topic.topicArn));
    if (address) {
      topic.addSubscription(new EmailSubscription(address));
      Validations.of(topic).acknowledge({
        id: "Serverless-SNSRedrivePolicy",
        reason: "SNS tries for hours to deliver an e-mail; what it then gives up is too old to help, and the alarm's state still shows it.",
      });
    }
    return topic;
  };
  return { page: topic("Page", "page", alerts.pageEmail), ticket: topic("Ticket", "ticket", alerts.ticketEmail) };
}

interface Publisher {
  readonly service: string;
  readonly conditions?: Record<string, unknown>;
}

/**
 * EventBridge sends nothing by which a condition could know the account, neither to a topic nor to a topic's key: with one, its
 * messages would be dropped (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html).
 */
function publishersIn({ account }: Stack): readonly Publisher[] {
  return [
    { service: "cloudwatch.amazonaws.com", conditions: { StringEquals: { "aws:SourceAccount": account } } },
    { service: "events.amazonaws.com" },
  ];
}

function mayUse({ service, conditions }: Publisher, actions: string[], resource: string): PolicyStatement {
  return new PolicyStatement({
    principals: [new ServicePrincipal(service)],
    actions,
    resources: [resource],
    ...(conditions && { conditions }),
  });
}
