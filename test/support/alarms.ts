import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { DatabaseInstance } from "aws-cdk-lib/aws-rds";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { alarmOnDatabase } from "../../infra/alarms/database.ts";
import { alarmOnIngest } from "../../infra/alarms/ingest.ts";
import { alarmOnMaskingKey } from "../../infra/alarms/masking-key.ts";
import { readStage } from "../../infra/config/read.ts";
import { AlertsStack } from "../../infra/stacks/alerts.ts";
import { queues } from "../../lambda/pipelines/index.ts";

export const ACCOUNT = "111122223333";
export const REGION = "eu-west-1";
export const KEY_ARN = `arn:aws:kms:${REGION}:${ACCOUNT}:key/12345678-90ab-cdef-1234-567890abcdef`;
const ENV = { env: { account: ACCOUNT, region: REGION } };
const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;

/** The context of a stage with an existing database. */
export const EXISTING_DATABASE = {
  "network.vpcId": "vpc-0123456789abcdef0",
  "network.subnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
  "network.availabilityZones": "eu-west-1a,eu-west-1b",
  "database.host": "db.example",
  "database.securityGroupId": "sg-0123456789abcdef0",
  "database.resourceId": "cluster-ABCDEFGHIJKL",
};

/** The templates of a stage's topics and of its alarms. @param existing as for watchedApp */
export function watched(...what: Parameters<typeof watchedApp>) {
  const { alerts, stack } = watchedApp(...what);
  return { alerts: Template.fromStack(alerts), template: Template.fromStack(stack) };
}

/** A stage's topics and every alarm, on imported resources: the stacks contain nothing else. */
export function watchedApp(context: Readonly<Record<string, string>> = {}, existing: { deadLetters?: false } = {}) {
  const app = new App();
  const stage = readStage({ stage: "dev", ...context }, queues);
  const [pipeline, settings] = Object.entries(stage.pipelines)[0] ?? [];
  if (!pipeline || !settings) throw new Error("the stage has no pipeline");
  const alerts = new AlertsStack(app, "Alerts", { ...ENV, stage });
  const owner = { stage, topics: alerts.topics };
  const stack = new Stack(app, "Watched", ENV);
  alarmOnIngest(stack, {
    ...owner,
    pipeline,
    settings,
    queue: Queue.fromQueueArn(stack, "Queue", arn("sqs", "logins")),
    deadLetterQueue: existing.deadLetters === false ? undefined : Queue.fromQueueArn(stack, "DeadLetters", arn("sqs", "logins-dlq")),
    fn: LambdaFunction.fromFunctionArn(stack, "Function", arn("lambda", "function:logins")),
  });
  const instance = DatabaseInstance.fromDatabaseInstanceAttributes(stack, "Instance", {
    instanceIdentifier: "masqueue-dev",
    instanceEndpointAddress: "db.example",
    port: 5432,
    securityGroups: [],
  });
  alarmOnDatabase(stack, owner, stage.database.kind === "created" ? instance : undefined);
  alarmOnMaskingKey(stack, owner, KEY_ARN);
  return { app, alerts, stack };
}
