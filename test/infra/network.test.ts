import { describe, expect, test } from "@jest/globals";
import { Annotations, Match, type Template } from "aws-cdk-lib/assertions";
import { appFor, stacksOf, templateOf, VARIANTS } from "../support/stage.ts";

const existing = VARIANTS["existing VPC"];
const endpointsOf = (template: Template) =>
  Object.values(template.findResources("AWS::EC2::VPCEndpoint")).map(({ Properties }) => Properties);

describe("a created VPC", () => {
  test.each([
    ["two zones", {}, 2],
    ["three zones by configuration", { "network.zones": "3" }, 3],
  ])("has isolated subnets in %s and no way to the internet", (_, context, zones) => {
    const template = templateOf("network", "prod", context);
    template.resourceCountIs("AWS::EC2::Subnet", zones);
    for (const type of ["AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"]) template.resourceCountIs(type, 0);
    template.allResourcesProperties("AWS::EC2::Subnet", { MapPublicIpOnLaunch: false });
  });

  test("can be given a third zone without moving the subnets of the first two", () => {
    const blocks = (context: Record<string, string>) =>
      Object.values(templateOf("network", "prod", context).findResources("AWS::EC2::Subnet")).map(({ Properties }) => Properties.CidrBlock);
    expect(blocks({ "network.zones": "3" }).slice(0, 2)).toEqual(blocks({}));
  });

  test("is in the zones that are named", () => {
    const template = templateOf("network", "prod", { "network.availabilityZones": "us-east-1b,us-east-1d" });
    for (const zone of ["us-east-1b", "us-east-1d"]) template.hasResourceProperties("AWS::EC2::Subnet", { AvailabilityZone: zone });
  });

  test("that keeps data asks for the zones' names: the Region's list of zones may change", () => {
    const warnings = (stage: string, context: Record<string, string> = {}) => {
      const [network] = stacksOf(appFor(stage, context)).filter(({ stackName }) => stackName.endsWith("-network"));
      if (!network) throw new Error("no network");
      return Annotations.fromStack(network).findWarning("*", Match.stringLikeRegexp("network.availabilityZones is not given")).length;
    };
    const named = { "network.availabilityZones": "us-east-1b,us-east-1d" };
    expect([warnings("prod", { "network.zones": "2" }), warnings("prod", named), warnings("prod", existing), warnings("dev")]).toEqual([
      1, 0, 0, 0,
    ]);
  });

  test("has endpoints for the calls that functions make, and for no other", () => {
    const names = endpointsOf(templateOf("network", "prod")).map(({ ServiceName }) =>
      JSON.stringify(ServiceName).replace(/.*\.(\w+)".*/, "$1"),
    );
    expect(names.sort()).toEqual(["kms", "secretsmanager"]);
  });

  test.each([
    ["dev", 1],
    ["prod", 2],
  ])("in %s has its endpoints in %i zones", (stage, zones) => {
    for (const { SubnetIds } of endpointsOf(templateOf("network", stage))) expect(SubnetIds).toHaveLength(zones);
  });

  test("has endpoints for this account and these calls only", () => {
    for (const { PolicyDocument } of endpointsOf(templateOf("network", "prod"))) {
      expect(PolicyDocument.Statement).toEqual([
        expect.objectContaining({
          Action: expect.stringMatching(/^(kms:GenerateMac|secretsmanager:GetSecretValue)$/),
          Condition: expect.anything(),
        }),
      ]);
    }
  });

  test("logs refused connections, with a role for this account's flow logs only", () => {
    const template = templateOf("network", "prod");
    template.hasResourceProperties("AWS::EC2::FlowLog", {
      TrafficType: "REJECT",
      DeliverLogsPermissionArn: { "Fn::GetAtt": [Match.stringLikeRegexp("FlowLogsRole"), "Arn"] },
    });
    template.hasResourceProperties("AWS::IAM::Role", {
      AssumeRolePolicyDocument: {
        Statement: [
          Match.objectLike({
            Principal: { Service: "vpc-flow-logs.amazonaws.com" },
            Condition: {
              StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
              ArnLike: { "aws:SourceArn": { "Fn::Join": ["", Match.arrayWith([":vpc-flow-log/*"])] } },
            },
          }),
        ],
      },
    });
  });
});

describe("the functions' security group", () => {
  test("leads to the endpoints and nowhere else", () => {
    const template = templateOf("network", "prod");
    template.hasResourceProperties("AWS::EC2::SecurityGroup", {
      GroupDescription: "Functions of Masqueue prod",
      SecurityGroupEgress: [Match.objectLike({ CidrIp: "255.255.255.255/32" })],
      SecurityGroupIngress: Match.absent(),
    });
    template.resourcePropertiesCountIs("AWS::EC2::SecurityGroupEgress", { FromPort: 443, ToPort: 443, CidrIp: Match.absent() }, 1);
    template.resourceCountIs("AWS::EC2::SecurityGroupEgress", 1);
  });
});

describe("an existing VPC", () => {
  test("gets the functions' security group and nothing else", () => {
    const template = templateOf("network", "prod", existing);
    expect(Object.values(template.toJSON().Resources).map((resource) => (resource as { Type: string }).Type)).toEqual([
      "AWS::EC2::SecurityGroup",
      "AWS::EC2::SecurityGroupEgress",
    ]);
    template.hasResourceProperties("AWS::EC2::SecurityGroup", { VpcId: existing?.["network.vpcId"] });
    template.hasResourceProperties("AWS::EC2::SecurityGroupEgress", { FromPort: 443, CidrIp: "0.0.0.0/0" });
  });

  test("gets the endpoints that it lacks, in all its subnets", () => {
    const template = templateOf("network", "prod", { ...existing, "network.endpoints": "kms,secretsmanager" });
    template.resourcePropertiesCountIs("AWS::EC2::VPCEndpoint", { SubnetIds: existing?.["network.subnetIds"]?.split(",") }, 2);
    template.resourcePropertiesCountIs("AWS::EC2::SecurityGroupEgress", { CidrIp: "0.0.0.0/0" }, 0);
  });

  test("goes on using the services' usual names: only our functions get the endpoints' own names", () => {
    const context = { ...existing, "network.endpoints": "kms,secretsmanager" };
    templateOf("network", "prod", context).allResourcesProperties("AWS::EC2::VPCEndpoint", { PrivateDnsEnabled: false });
    for (const stack of ["ingest-user-logins", "schema"]) {
      templateOf(stack, "prod", context).hasResourceProperties("AWS::Lambda::Function", {
        Environment: {
          Variables: Match.objectLike({ AWS_ENDPOINT_URL_KMS: Match.anyValue(), AWS_ENDPOINT_URL_SECRETS_MANAGER: Match.anyValue() }),
        },
      });
    }
    templateOf("network", "prod").allResourcesProperties("AWS::EC2::VPCEndpoint", { PrivateDnsEnabled: true });
  });
});
