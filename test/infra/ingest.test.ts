import { describe, expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { templateOf, VARIANTS } from "../support/stage.ts";
import { statementsOf } from "../support/statements.ts";

const QUEUE = "AWS::SQS::Queue";
const existing = VARIANTS["existing queue"];
const ingest = (context: Record<string, string> = {}, stage = "prod") => templateOf("ingest-user-logins", stage, context);

describe("the queues", () => {
  test("keep messages for 4 days and dead letters for 14, encrypted", () => {
    const template = ingest();
    template.resourceCountIs(QUEUE, 2);
    template.allResourcesProperties(QUEUE, { SqsManagedSseEnabled: true });
    template.hasResourceProperties(QUEUE, { QueueName: "masqueue-prod-user-logins", MessageRetentionPeriod: 4 * 86_400 });
    template.hasResourceProperties(QUEUE, { QueueName: "masqueue-prod-user-logins-dlq", MessageRetentionPeriod: 14 * 86_400 });
  });

  test("hide a message for six times the function's timeout and the window, and give it up after ten receives", () => {
    ingest({ "pipelines.user-logins.timeout": "60", "pipelines.user-logins.batchWindow": "20" }).hasResourceProperties(QUEUE, {
      QueueName: "masqueue-prod-user-logins",
      VisibilityTimeout: 6 * 60 + 20,
      RedrivePolicy: { maxReceiveCount: 10, deadLetterTargetArn: { "Fn::GetAtt": [Match.stringLikeRegexp("DeadLetters"), "Arn"] } },
    });
  });

  test("redrive dead letters to their source queue only", () => {
    ingest().hasResourceProperties(QUEUE, {
      QueueName: "masqueue-prod-user-logins-dlq",
      RedriveAllowPolicy: {
        redrivePermission: "byQueue",
        sourceQueueArns: [{ "Fn::Join": ["", Match.arrayWith([":masqueue-prod-user-logins"])] }],
      },
    });
  });

  test("accept TLS only", () => {
    const template = ingest();
    const insecure = Match.objectLike({
      Effect: "Deny",
      Action: "sqs:*",
      Principal: { AWS: "*" },
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    });
    template.resourcePropertiesCountIs("AWS::SQS::QueuePolicy", { PolicyDocument: { Statement: Match.arrayWith([insecure]) } }, 2);
  });

  const onlyRead = (condition: unknown) => ({
    Queues: [{ Ref: Match.stringLikeRegexp("DeadLetters") }],
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: "Deny", Principal: { AWS: "*" }, Action: "sqs:ReceiveMessage", Condition: condition }),
      ]),
    },
  });

  test("deny everyone to read dead letters, which contain raw values, except named roles", () => {
    ingest().hasResourceProperties("AWS::SQS::QueuePolicy", onlyRead(Match.absent()));
    const reader = "arn:aws:iam::111122223333:role/redrive";
    ingest({ "pipelines.user-logins.deadLetterReaders": reader }).hasResourceProperties(
      "AWS::SQS::QueuePolicy",
      onlyRead({ ArnNotEquals: { "aws:PrincipalArn": [reader] } }),
    );
  });

  test("remain when their stack is deleted, outside dev", () => {
    ingest().allResources(QUEUE, { DeletionPolicy: "RetainExceptOnCreate" });
    ingest({}, "dev").allResources(QUEUE, { DeletionPolicy: "Delete" });
  });
});

describe("the function", () => {
  test("runs on Node 24 and Graviton, with JSON logs that are kept for a while", () => {
    const template = ingest();
    template.hasResourceProperties("AWS::Lambda::Function", {
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Handler: "index.handler",
      Timeout: 30,
      MemorySize: 512,
      Environment: { Variables: Match.objectLike({ NODE_OPTIONS: "--enable-source-maps" }) },
      // INFO: smoke, status and the runbook read those lines.
      LoggingConfig: {
        LogFormat: "JSON",
        ApplicationLogLevel: "INFO",
        SystemLogLevel: "INFO",
        LogGroup: { Ref: Match.stringLikeRegexp("IngestLogs") },
      },
    });
    template.hasResourceProperties("AWS::Logs::LogGroup", { RetentionInDays: 90 });
  });

  test("logs in by IAM as the role that writes, verifies the server, and has no secret in its environment", () => {
    const [fn] = Object.values(ingest().findResources("AWS::Lambda::Function"));
    const variables = fn?.Properties.Environment.Variables;
    expect(variables).toMatchObject({
      PIPELINE: "user-logins",
      PGUSER: "masqueue_ingest",
      PG_IAM_AUTH: "true",
      PGSSLROOTCERT: "/var/runtime/ca-cert.pem",
    });
    expect(Object.keys(variables).filter((name) => /PASSWORD|SECRET|TOKEN/.test(name))).toEqual([]);
    expect(variables.PGSSLMODE).toBeUndefined();
  });

  test("may do four things, each on one resource, besides joining its network", () => {
    const statements = statementsOf(ingest(), "IngestRole");
    const everywhere = statements.filter(({ Resource }) => Resource === "*");
    expect(everywhere.map(({ Effect, Condition }) => [Effect, Condition !== undefined])).toEqual([
      ["Allow", false],
      ["Deny", true],
    ]);
    for (const { Action } of everywhere) expect([Action].flat().filter((action) => !action.startsWith("ec2:"))).toEqual([]);
    const services = statements.filter(({ Resource }) => Resource !== "*").map(({ Action }) => [Action].flat()[0]?.replace(/:.*/, ""));
    expect(services.sort()).toEqual(["kms", "logs", "rds-db", "sqs"]);
  });

  test("has the clients' security group in the private subnets", () => {
    ingest().hasResourceProperties("AWS::Lambda::Function", {
      VpcConfig: {
        SecurityGroupIds: [{ "Fn::ImportValue": Match.stringLikeRegexp("Clients") }],
        SubnetIds: [Match.anyValue(), Match.anyValue()],
      },
    });
  });
});

describe("the event source", () => {
  test("takes partial batch failures, in the configured sizes", () => {
    ingest().hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      BatchSize: 1000,
      MaximumBatchingWindowInSeconds: 5,
      ScalingConfig: { MaximumConcurrency: 5 },
    });
    ingest({
      "pipelines.user-logins.batchSize": "10",
      "pipelines.user-logins.batchWindow": "0",
      "pipelines.user-logins.maxConcurrency": "2",
    }).hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: Match.absent(),
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });
});

describe("an existing queue", () => {
  test("is consumed as it is: no queue is created and no policy added", () => {
    const template = ingest(existing);
    template.resourceCountIs(QUEUE, 0);
    template.resourceCountIs("AWS::SQS::QueuePolicy", 0);
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", { EventSourceArn: existing?.["pipelines.user-logins.queueArn"] });
  });

  test("may be decrypted with its key", () => {
    expect(statementsOf(ingest(existing), "IngestRole")).toContainEqual(
      expect.objectContaining({ Action: "kms:Decrypt", Resource: existing?.["pipelines.user-logins.queueKeyArn"] }),
    );
  });

  test("of FIFO kind is consumed ten messages at a time without a window", () => {
    ingest({
      "pipelines.user-logins.queueArn": "arn:aws:sqs:eu-west-1:111122223333:logins.fifo",
      "pipelines.user-logins.visibilityTimeout": "180",
      "pipelines.user-logins.maxReceiveCount": "10",
    }).hasResourceProperties("AWS::Lambda::EventSourceMapping", { BatchSize: 10, MaximumBatchingWindowInSeconds: Match.absent() });
  });
});
