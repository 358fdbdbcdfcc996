import { describe, expect, test } from "@jest/globals";
import { App, Validations } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import manifest from "../../cdk.json" with { type: "json" };
import { readStage } from "../../infra/config/read.ts";
import { createLocalStacks, readServices } from "../../infra/localstack/stacks.ts";
import { readRegistry } from "../../lambda/pipelines/registry.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { events, orders } from "../support/orders.ts";
import { appFor, stacksOf } from "../support/stage.ts";
import { complaint } from "./config-cases.ts";

const SEPARATE = readRegistry([userLogins, orders]).queues;
const SHARED = readRegistry([userLogins, events]).queues;
const PAGES = { "alerts.pageEmail": "oncall@example.com" };

const synthesise = (queues: typeof SHARED, stage = "dev", context = {}) => {
  const stacks = stacksOf(appFor(stage, { ...PAGES, ...context }, queues));
  return Object.fromEntries(stacks.map((stack) => [stack.stackName.replace(`masqueue-${stage}-`, ""), Template.fromStack(stack)]));
};

describe.each([
  ["two queues", SEPARATE, ["user-logins", "orders"]],
  ["a queue beside one that two pipelines share", SHARED, ["events", "user-logins"]],
])("with %s", (_what, queues, names) => {
  const templates = synthesise(queues);

  test("each queue has a stack with its name", () => {
    const others = ["alerts", "network", "data", "schema", "dashboard"];
    expect(Object.keys(templates).sort()).toEqual([...others, ...names.map((name) => `ingest-${name}`)].sort());
  });

  test.each(names)("%s has a function that empties it, named after it", (name) => {
    const template = templates[`ingest-${name}`] as Template;
    template.resourceCountIs("AWS::Lambda::Function", 1);
    template.hasResourceProperties("AWS::Lambda::Function", {
      FunctionName: `masqueue-dev-${name}`,
      Environment: { Variables: Match.objectLike({ PIPELINE: name }) },
    });
    template.hasResourceProperties("AWS::SQS::Queue", { QueueName: `masqueue-dev-${name}` });
    template.hasResourceProperties("AWS::SQS::Queue", { QueueName: `masqueue-dev-${name}-dlq` });
  });

  test.each(names)("%s has the alarms of a function", (name) => {
    const alarms = Object.values((templates[`ingest-${name}`] as Template).findResources("AWS::CloudWatch::Alarm"));
    const kinds = ["commit-lag", "dead-letters", "dead-letters-growing", "function-errors", "oldest-message"];
    expect(alarms.map(({ Properties }) => Properties.AlarmName).sort()).toEqual(kinds.map((kind) => `masqueue-dev-${name}-${kind}`));
  });

  test("the masking key admits the function of each queue, and no other", () => {
    const [key] = Object.values((templates.data as Template).findResources("AWS::KMS::Key", { Properties: { KeySpec: "HMAC_256" } }));
    const policy = JSON.stringify(key?.Properties.KeyPolicy);
    expect([...policy.matchAll(/role\/masqueue-dev-([a-z-]+)-"/g)].map(([, name]) => name)).toEqual(Object.keys(queues));
  });

  test.each(["dev", "prod"])("%s passes the checks of AwsSolutions and Serverless", (stage) => {
    const app = appFor(stage, PAGES, queues);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
    app.synth();
  });
});

describe("the dashboard", () => {
  const widgets = (queues: typeof SHARED) => {
    const [board] = Object.values((synthesise(queues).dashboard as Template).findResources("AWS::CloudWatch::Dashboard"));
    const body = [board?.Properties.DashboardBody["Fn::Join"]?.[1]].flat().map((part) => (typeof part === "string" ? part : "?"));
    return JSON.parse(body.join("")).widgets as {
      properties: { title?: string; markdown?: string; metrics?: [{ expression: string }][] };
    }[];
  };

  test("has a row for each queue, and for a shared one what each pipeline stored", () => {
    const found = widgets(SHARED).map(({ properties }) => properties.markdown ?? properties.title);
    expect(found.filter((name) => name?.startsWith("### "))).toEqual([
      ...["### events", "### user-logins", "### events", "### user-logins"],
      "### masqueue-dev",
    ]);
    expect(found.filter((name) => name === "Stored, by pipeline")).toHaveLength(1);
    expect(found.indexOf("Stored, by pipeline")).toBeLessThan(found.indexOf("### user-logins"));
    const [[{ expression }] = [{ expression: "" }]] =
      widgets(SHARED).find(({ properties }) => properties.title === "Stored, by pipeline")?.properties.metrics ?? [];
    expect(expression).toBe(`SEARCH('{"Masqueue","service","pipeline"} MetricName="stored" service="masqueue-dev-events"', 'Sum', 300)`);
  });

  test("shows no pipelines of a queue that is not shared", () => {
    expect(widgets(SEPARATE).map(({ properties }) => properties.title)).not.toContain("Stored, by pipeline");
  });
});

describe("the settings", () => {
  test("of a shared queue stand under its name", () => {
    const template = synthesise(SHARED, "dev", { "pipelines.events.batchSize": "50" })["ingest-events"] as Template;
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", { BatchSize: 50 });
    expect(Object.keys(synthesise(SHARED, "dev", { "pipelines.user-logins": "false" }))).not.toContain("ingest-user-logins");
  });

  test("of a pipeline that shares a queue are unknown", () => {
    expect(complaint({ "pipelines.orders.batchSize": "50" }, SHARED)).toBe(
      "pipelines.orders.batchSize is unknown; known keys: events, user-logins.",
    );
  });

  test("count the connections of functions, not of pipelines", () => {
    expect(complaint({ "pipelines.events.maxConcurrency": "25" }, SHARED)).toBe("");
    expect(complaint({ "pipelines.events.maxConcurrency": "26" }, SHARED)).toMatch(/^database.maxConnections is 80; .* 2 x 31 /);
  });
});

test("LocalStack gets a stack for each queue, too", () => {
  const context = { ...manifest.context, stage: "local" };
  const services = { AWS_REGION: "us-east-1", ASSETS_BUCKET: "assets", PGHOST: "postgres", PGPORT: "5432", PGUSER: "u", PGDATABASE: "d" };
  const arns = { PGPASSWORD_SECRET: "arn:aws:secretsmanager:us-east-1:000000000000:secret:s-AbCdEf", MASK_KMS_KEY_ID: "arn:aws:kms:k" };
  const read = readServices({ ...services, ...arns });
  const stacks = createLocalStacks(new App({ context }), readStage(context, SHARED), read, "lambda/pipelines");
  expect(stacks.map(({ stackName }) => stackName)).toEqual(["masqueue-local-ingest-events", "masqueue-local-ingest-user-logins"]);
});
