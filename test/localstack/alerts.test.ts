import { CloudFormationClient, CreateStackCommand, DeleteStackCommand, waitUntilStackCreateComplete } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { GenerateMacCommand, KMSClient } from "@aws-sdk/client-kms";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { SqsSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { readStage } from "../../infra/config/read.ts";
import { createMaskingKey } from "../../infra/constructs/masking-key.ts";
import { queues } from "../../lambda/pipelines/index.ts";
import { ACCOUNT, KEY_ARN, REGION, watchedApp } from "../support/alarms.ts";

const endpoint = process.env.AWS_ENDPOINT_URL ?? "";
const config = { endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };
const cloudFormation = new CloudFormationClient(config);
const cloudWatch = new CloudWatchClient(config);
const kms = new KMSClient(config);
const sqs = new SQSClient(config);
const MAILBOX = `${endpoint}/000000000000/masqueue-local-mailbox`;
/** With the prefix that `npm run local:destroy` looks for. */
const nameOf = ({ node }: Stack) => `masqueue-local-${node.id.toLowerCase()}`;

// LocalStack has no CloudTrail.
const { alerts, stack } = watchedApp({ "alerts.trail": "false" });
const mailbox = new SqsSubscription(new Queue(alerts, "Mailbox", { queueName: "masqueue-local-mailbox" }), { rawMessageDelivery: true });
for (const topic of Object.values(alerts.topics)) topic.addSubscription(mailbox);
createMaskingKey(stack, readStage({ stage: "dev" }, queues));

beforeAll(async () => {
  for (const each of [alerts, stack]) {
    const StackName = nameOf(each);
    // The bootstrap's version is in SSM, which LocalStack need not have.
    const { Parameters: _, Rules: __, ...template } = Template.fromStack(each).toJSON();
    await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(template) }));
    await waitUntilStackCreateComplete({ client: cloudFormation, maxWaitTime: 60, minDelay: 1 }, { StackName });
  }
});
afterAll(async () => {
  for (const each of [stack, alerts]) await cloudFormation.send(new DeleteStackCommand({ StackName: nameOf(each) }));
  for (const client of [cloudFormation, cloudWatch, kms, sqs]) client.destroy();
});

/** Waits for so many mails that contain a text. LocalStack evaluates the alarms, too, and sends others. */
async function receiveMails(count: number, text: string): Promise<string[]> {
  const mails: string[] = [];
  while (mails.length < count) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: MAILBOX, WaitTimeSeconds: 5 }));
    for (const { Body = "", ReceiptHandle } of Messages) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl: MAILBOX, ReceiptHandle }));
      if (Body.includes(text)) mails.push(Body);
    }
  }
  return mails;
}

/** Sends an event as CloudTrail does. There is no client for EventBridge here, and LocalStack verifies no signature. */
async function putCall(eventName: string, role: string, more: object = {}): Promise<void> {
  const userIdentity = {
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/session`,
    sessionContext: { sessionIssuer: { arn: `arn:aws:iam::${ACCOUNT}:role/${role}` } },
  };
  const detail = { eventSource: "kms.amazonaws.com", eventName, userIdentity, resources: [{ ARN: KEY_ARN }], ...more };
  const Entries = [{ Source: "aws.kms", DetailType: "AWS API Call via CloudTrail", Detail: JSON.stringify(detail) }];
  const authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/events/aws4_request, SignedHeaders=host, Signature=none";
  const headers = { authorization, "content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSEvents.PutEvents" };
  const response = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify({ Entries }) });
  expect(await response.json()).toMatchObject({ FailedEntryCount: 0 });
}

test("an alarm reaches the subscriber of its encrypted topic, with the address of its article", async () => {
  const AlarmName = "masqueue-dev-user-logins-function-errors";
  await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: "ALARM", StateReason: "a test page" }));
  const [mail = ""] = await receiveMails(1, "a test page");
  expect(JSON.parse(mail)).toMatchObject({ AlarmName, AlarmDescription: expect.stringContaining("docs/runbook.md#function-errors") });
});

test("calls of the masking key page by the rules' patterns, with what happened and who did it", async () => {
  const otherKey = { resources: [{ ARN: KEY_ARN.replace("1234", "9999") }] };
  const onlyInError = { resources: [], errorCode: "AccessDenied", errorMessage: `no right on ${KEY_ARN}, deny` };
  // Those that must not page go first.
  await putCall("GenerateMac", `masqueue-dev-user-logins-${REGION}`);
  await putCall("GenerateMac", "admin", otherKey);
  await putCall("DisableKey", "admin", { errorCode: "AccessDenied" });
  await putCall("GenerateMac", "admin");
  await putCall("GenerateMac", "eve", onlyInError);
  await putCall("DisableKey", "admin");
  const mails = await receiveMails(3, "masking-key");
  const summary = mails.map((mail) => /#([\w-]+).*what: (\w+).*role\/(\w+).*refused: (\w*)/s.exec(mail)?.slice(1).join(" "));
  expect(summary.sort()).toEqual([
    "masking-key-changed DisableKey admin ",
    "masking-key-used GenerateMac admin ",
    "masking-key-used GenerateMac eve AccessDenied",
  ]);
});

test("the masking key makes MACs for those who call it by its alias", async () => {
  const KeyId = "alias/masqueue-dev-masking";
  const { Mac } = await kms.send(new GenerateMacCommand({ KeyId, MacAlgorithm: "HMAC_SHA_256", Message: Buffer.from("ip") }));
  expect(Mac).toHaveLength(32);
});
