import { describe, expect, test } from "@jest/globals";
import { type Stack, Validations } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { appFor, stacksOf, templatesOf, VARIANTS } from "../support/stage.ts";

const STAGES = ["dev", "prod"];
const cases = STAGES.flatMap((stage) => Object.keys(VARIANTS).map((variant) => [stage, variant] as const));
interface Resource {
  readonly Type: string;
  readonly Properties: object;
}

const LAYERS = ["alerts", "network", "data", "schema", "ingest", "dashboard"];
const layerOf = (stack: Stack) => LAYERS.indexOf(stack.stackName.split("-")[2] ?? "");

describe.each(cases)("%s with %s", (stage, variant) => {
  const app = appFor(stage, VARIANTS[variant]);
  const stacks = stacksOf(app);

  test("passes the checks of AwsSolutions and Serverless", () => {
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
    // Throws, with the findings, if a rule is broken and not acknowledged.
    app.synth();
  });

  test("has stacks that depend one way", () => {
    for (const stack of stacks) {
      for (const other of stack.dependencies)
        expect(`${stack.stackName} → ${other.stackName}: ${layerOf(other) < layerOf(stack)}`).toMatch(/true$/);
    }
    const schema = stacks.find((stack) => layerOf(stack) === LAYERS.indexOf("schema"));
    expect(stacks.find((stack) => layerOf(stack) === LAYERS.indexOf("ingest"))?.dependencies).toContain(schema);
  });

  test("protects only the data's stack from deletion, outside dev: the others can be created again", () => {
    const isProtected = stacks.filter(({ terminationProtection }) => terminationProtection).map(({ stackName }) => stackName);
    expect(isProtected).toEqual(stage === "dev" ? [] : [`masqueue-${stage}-data`]);
  });

  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html: an apostrophe fails the deployment.
  test("describes security groups and their rules with the characters that EC2 takes", () => {
    const resources = stacks.flatMap((stack) => Object.values(Template.fromStack(stack).toJSON().Resources as Record<string, Resource>));
    const ofGroups = resources
      .filter(({ Type }) => Type.startsWith("AWS::EC2::SecurityGroup"))
      .flatMap(({ Properties }) => [...JSON.stringify(Properties).matchAll(/"(?:Group)?Description":"([^"]*)"/g)].map(([, text]) => text));
    expect(ofGroups.length).toBeGreaterThan(2);
    for (const text of ofGroups) expect(text).toMatch(/^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/);
  });

  test("holds no secret in a template", () => {
    const text = JSON.stringify(stacks.map((stack) => Template.fromStack(stack).toJSON()));
    expect(text).not.toMatch(/"(PGPASSWORD|MasterUserPassword|SecretString)"|AKIA[A-Z0-9]{16}|-----BEGIN/);
  });
});

test("a policy allows an action on every resource only to join a network", () => {
  const wild = Object.entries(templatesOf("prod")).flatMap(([name, template]) =>
    Object.values(template.findResources("AWS::IAM::Policy")).flatMap(({ Properties }) =>
      Properties.PolicyDocument.Statement.filter(
        ({ Resource, Effect }: Record<string, unknown>) => Resource === "*" && Effect === "Allow",
      ).map(({ Action }: { Action: string[] }) => `${name}: ${Action[0]}`),
    ),
  );
  expect(wild).toEqual(["schema: ec2:AssignPrivateIpAddresses", "ingest-user-logins: ec2:AssignPrivateIpAddresses"]);
});
