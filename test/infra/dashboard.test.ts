import { describe, expect, test } from "@jest/globals";
import type { Template } from "aws-cdk-lib/assertions";
import { templateOf, VARIANTS } from "../support/stage.ts";

interface Widget {
  readonly type: "text" | "metric";
  readonly properties: { readonly markdown?: string; readonly title?: string };
}

function readBody(template: Template): string {
  const [board] = Object.values(template.findResources("AWS::CloudWatch::Dashboard"));
  const parts = [board?.Properties.DashboardBody["Fn::Join"]?.[1]].flat();
  return parts.map((part) => (typeof part === "string" ? part : "?")).join("");
}

const template = templateOf("dashboard", "dev");
const body = readBody(template);
const widgets: Widget[] = JSON.parse(body).widgets;

test("there is one dashboard, named after the stage, and no alarm", () => {
  template.resourceCountIs("AWS::CloudWatch::Dashboard", 1);
  template.resourceCountIs("AWS::CloudWatch::Alarm", 0);
  template.hasResourceProperties("AWS::CloudWatch::Dashboard", { DashboardName: "masqueue-dev" });
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

test("a graph of an alarm's metric has a line at the alarm's threshold", () => {
  for (const limit of [600_000, 370, 64, 0.08 * 20 * 1024 ** 3]) expect(body).toContain(`"value":${limit}`);
});

describe("it shows resources", () => {
  /** The values of a property of the resources of a type, in one of dev's stacks. */
  const namesIn = (stack: string, type: string, property: string) =>
    Object.values(templateOf(stack, "dev").findResources(type)).map(({ Properties }) => Properties[property]);

  test("without a reference to their stacks, so that a pipeline can be removed", () => {
    expect(JSON.stringify(template.toJSON())).not.toMatch(/Fn::(ImportValue|GetStackOutput)/);
    const outputs = Object.values(templateOf("ingest-user-logins", "dev").findOutputs("*"));
    expect(outputs.filter(({ Export }) => Export)).toEqual([]);
  });

  test("by the names that they have", () => {
    const queues = namesIn("ingest-user-logins", "AWS::SQS::Queue", "QueueName");
    expect(queues).toHaveLength(2);
    for (const name of queues) expect(body).toContain(`"AWS/SQS","ApproximateNumberOfMessagesVisible","QueueName","${name}"`);
    const [fn] = namesIn("ingest-user-logins", "AWS::Lambda::Function", "FunctionName");
    expect(body).toContain(`"AWS/Lambda","Errors","FunctionName","${fn}"`);
    const [instance] = namesIn("data", "AWS::RDS::DBInstance", "DBInstanceIdentifier");
    expect(body).toContain(`"AWS/RDS","CPUUtilization","DBInstanceIdentifier","${instance}"`);
  });

  test("that exist by the names in their ARNs, and no dead-letter queue that is not configured", () => {
    const context = VARIANTS["existing queue"] ?? {};
    const depth = (name: string) => `"AWS/SQS","ApproximateNumberOfMessagesVisible","QueueName","${name}"`;
    const existing = readBody(templateOf("dashboard", "dev", context));
    expect([existing.includes(depth("login-queue")), existing.includes(depth("login-queue-dlq"))]).toEqual([true, true]);
    const { "pipelines.user-logins.deadLetterQueueArn": _, ...alone } = context;
    expect(readBody(templateOf("dashboard", "dev", alone))).not.toContain("dlq");
  });

  test("of the database only if the deployment creates it", () => {
    expect(readBody(templateOf("dashboard", "dev", VARIANTS["existing database"]))).not.toContain("AWS/RDS");
  });
});
