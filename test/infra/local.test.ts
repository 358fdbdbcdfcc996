import { describe, expect, test } from "@jest/globals";
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import manifest from "../../cdk.json" with { type: "json" };
import { readStage } from "../../infra/config/read.ts";
import { createLocalStacks, readServices } from "../../infra/localstack/stacks.ts";
import { queues } from "../../lambda/pipelines/index.ts";

const SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:masqueue-local-postgres-AbCdEf";
const ENVIRONMENT = {
  AWS_REGION: "us-east-1",
  ASSETS_BUCKET: "assets",
  PGHOST: "postgres",
  PGPORT: "5432",
  PGUSER: "postgres",
  PGDATABASE: "logins",
  PGPASSWORD: "never in a template",
  PGPASSWORD_SECRET: SECRET,
  MASK_KMS_KEY_ID: "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555",
};

describe("stage local", () => {
  const context = { ...manifest.context, stage: "local" };
  const [stack] = createLocalStacks(new App({ context }), readStage(context, queues), readServices(ENVIRONMENT), "lambda/pipelines");
  if (!stack) throw new Error("there is no pipeline");
  const template = Template.fromStack(stack);
  const types = new Set(Object.values(template.toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type));

  test("is the ingest stack with the name that the commands look for, in LocalStack's account", () => {
    expect([stack.stackName, stack.account, stack.region]).toEqual(["masqueue-local-ingest-user-logins", "000000000000", "us-east-1"]);
    expect(Object.keys(template.findOutputs("*")).sort()).toEqual([
      "DeadLetterQueueUrl",
      "EventSource",
      "FunctionName",
      "LogGroup",
      "QueueUrl",
    ]);
  });

  test("has no network and no alarm", () => {
    expect([...types].filter((type) => /EC2|CloudWatch|SNS|RDS|Events/.test(type))).toEqual([]);
    template.hasResourceProperties("AWS::Lambda::Function", { VpcConfig: Match.absent() });
  });

  test("gives the function the address of Postgres, and no password", () => {
    template.hasResourceProperties("AWS::Lambda::Function", {
      Environment: {
        Variables: {
          PGHOST: "postgres",
          PGPORT: "5432",
          PGUSER: "postgres",
          PGDATABASE: "logins",
          PGPASSWORD: Match.absent(),
          PGPASSWORD_SECRET: SECRET,
          PGSSLMODE: "disable",
          MASK_KMS_KEY_ID: ENVIRONMENT.MASK_KMS_KEY_ID,
        },
      },
    });
    expect(JSON.stringify(template.toJSON())).not.toContain("never in a template");
  });

  test("gives a message up after three receives in half a minute", () => {
    template.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "masqueue-local-user-logins",
      VisibilityTimeout: 10,
      RedrivePolicy: { maxReceiveCount: 3 },
    });
    template.hasResourceProperties("AWS::Lambda::Function", { Timeout: 10 });
  });

  test("runs on this machine's processor", () => {
    template.hasResourceProperties("AWS::Lambda::Function", { Architectures: [process.arch === "arm64" ? "arm64" : "x86_64"] });
  });

  test("keeps nothing when its stack is deleted, including the log, which LocalStack writes under this name", () => {
    template.hasResource("AWS::Logs::LogGroup", {
      Properties: { LogGroupName: "/aws/lambda/masqueue-local-user-logins" },
      DeletionPolicy: "Delete",
    });
    template.allResources("AWS::SQS::Queue", { DeletionPolicy: "Delete" });
  });
});

test("an error names a missing variable, and the command that sets it", () => {
  expect(() => readServices({ ...ENVIRONMENT, PGPASSWORD_SECRET: "" })).toThrow(
    "PGPASSWORD_SECRET is not set: stage local is deployed by npm run local:deploy.",
  );
});
