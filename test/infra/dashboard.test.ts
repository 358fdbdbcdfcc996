import { expect, test } from "@jest/globals";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { SubnetType, Vpc } from "aws-cdk-lib/aws-ec2";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { DatabaseInstance, DatabaseInstanceEngine, PostgresEngineVersion } from "aws-cdk-lib/aws-rds";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { readStage } from "../../infra/config/read.ts";
import { DashboardStack } from "../../infra/stacks/dashboard.ts";
import { pipelines } from "../../lambda/pipelines/index.ts";

/** The dashboard of a stage whose resources stand in a stack of their own. */
function dashboard() {
  const app = new App();
  const stage = readStage({ stage: "dev" }, pipelines);
  const things = new Stack(app, "Things");
  const instance = new DatabaseInstance(things, "Instance", {
    instanceIdentifier: "masqueue-dev",
    storageEncrypted: true,
    engine: DatabaseInstanceEngine.postgres({ version: PostgresEngineVersion.of("18", "18") }),
    vpc: new Vpc(things, "Vpc", { natGateways: 0, subnetConfiguration: [{ name: "isolated", subnetType: SubnetType.PRIVATE_ISOLATED }] }),
    vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
  });
  const watched = Object.entries(stage.pipelines).map(([name, settings]) => ({
    name,
    settings,
    queue: new Queue(things, `${name}-queue`, { queueName: "logins" }),
    deadLetterQueue: Queue.fromQueueArn(things, `${name}-dlq`, "arn:aws:sqs:eu-west-1:111122223333:logins-dlq"),
    fn: new LambdaFunction(things, `${name}-function`, {
      functionName: "ingest",
      runtime: Runtime.NODEJS_24_X,
      handler: "index.handler",
      code: Code.fromInline("exports.handler = async () => {};"),
    }),
  }));
  const stack = new DashboardStack(app, "Dashboard", { stage, pipelines: watched, instance });
  return { template: Template.fromStack(stack), things: Template.fromStack(things) };
}

interface Widget {
  readonly type: "text" | "metric";
  readonly properties: { readonly markdown?: string; readonly title?: string };
}

const { template, things } = dashboard();
const [board] = Object.values(template.findResources("AWS::CloudWatch::Dashboard"));
const body: string = [board?.Properties.DashboardBody["Fn::Join"]?.[1]]
  .flat()
  .map((part) => (typeof part === "string" ? part : "?"))
  .join("");
const widgets: Widget[] = JSON.parse(body).widgets;

test("there is one dashboard, named after the stage, and no alarm", () => {
  template.resourceCountIs("AWS::CloudWatch::Dashboard", 1);
  template.resourceCountIs("AWS::CloudWatch::Alarm", 0);
  expect(board?.Properties.DashboardName).toBe("masqueue-dev");
});

test("it answers three questions, in this order, and shows nothing else", () => {
  expect(widgets.map(({ properties }) => properties.markdown ?? properties.title)).toEqual([
    "# Is it keeping up?",
    "### user-logins",
    "Lag (ms)",
    "Age of the oldest message (s)",
    "Messages",
    "In the queue",
    "Functions at a time",
    "Duration (ms)",
    "# Is it losing anything?",
    "### user-logins",
    "Dead letters",
    "Rejected, by code",
    "Failed batches and what they left",
    "Not as declared",
    "# Is the database well?",
    "### masqueue-dev",
    "Time of a batch in Postgres (ms, p90)",
    "CPU (%)",
    "Connections",
    "Free storage (bytes)",
    "Disk latency (s)",
  ]);
});

test("what alarms look at is drawn with the line at which they go off", () => {
  for (const limit of [600_000, 370, 64, 0.2 * 20 * 1024 ** 3]) expect(body).toContain(`"value":${limit}`);
});

test("it takes no reference from the stacks it shows, so that a pipeline can be removed", () => {
  expect(things.findOutputs("*")).toEqual({});
  expect(body).toContain('"AWS/SQS","ApproximateNumberOfMessagesVisible","QueueName","logins-dlq"');
  expect(body).toContain('"AWS/Lambda","Errors","FunctionName","ingest"');
  expect(body).toContain('"AWS/RDS","CPUUtilization","DBInstanceIdentifier","masqueue-dev"');
});
