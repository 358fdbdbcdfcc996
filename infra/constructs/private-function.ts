import { Stack, Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { removalPolicy } from "../names.ts";
import type { NetworkStack } from "../stacks/network.ts";

type OfLambda = Required<Pick<lambda.FunctionProps, "functionName" | "handler" | "timeout" | "memorySize" | "environment">>;

export interface PrivateFunctionProps extends OfLambda {
  /** @default CloudFormation chooses it */
  readonly roleName?: string;
  /** Undefined in LocalStack only. */
  readonly network: NetworkStack | undefined;
  /** A bundled function's folder. */
  readonly code: string;
  readonly statements: readonly iam.PolicyStatement[];
  readonly logRetentionDays: number;
  readonly keepData: boolean;
  /** @default ARM_64, Graviton */
  readonly architecture?: lambda.Architecture | undefined;
}

/** A function in the private subnets with its role, which may do what the statements say, and its log group. */
export function createPrivateFunction(scope: Construct, id: string, props: PrivateFunctionProps): lambda.Function {
  const { network, roleName, code, statements, logRetentionDays: retention, keepData, architecture, ...ofLambda } = props;
  const { functionName } = ofLambda;
  const logGroup = new logs.LogGroup(scope, `${id}Logs`, { retention, removalPolicy: removalPolicy(keepData) });
  const role = new iam.Role(scope, `${id}Role`, {
    ...(roleName && { roleName }),
    assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com"),
    description: `Runs ${functionName}`,
  });
  logGroup.grantWrite(role);
  if (network) allowNetworkInterfaces(role, functionName);
  for (const statement of statements) role.addToPolicy(statement);
  const fn = new lambda.Function(scope, id, {
    ...ofLambda,
    role,
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: architecture ?? lambda.Architecture.ARM_64,
    code: lambda.Code.fromAsset(code),
    environment: { ...network?.variables, ...ofLambda.environment, NODE_OPTIONS: "--enable-source-maps" },
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
    systemLogLevelV2: lambda.SystemLogLevel.INFO,
    ...(network && { vpc: network.vpc, vpcSubnets: { subnets: [...network.subnets] }, securityGroups: [network.clients] }),
  });
  Validations.of(fn).acknowledge(
    { id: "Serverless-LambdaDLQ", reason: "Never invoked asynchronously: what fails stays in the queue, which has a dead-letter queue." },
    { id: "Serverless-LambdaTracing", reason: "Logs and metrics answer what traces would; a tracer slows every start." },
  );
  return fn;
}

const INTERFACE_ACTIONS = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];

/**
 * Lambda itself creates the function's network interfaces, with the function's role. The second statement denies it to the function's
 * own code: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice-security
 */
function allowNetworkInterfaces(role: iam.Role, functionName: string): void {
  // Every resource: the interfaces do not exist yet, and the Describe actions take no narrower one.
  role.addToPolicy(new iam.PolicyStatement({ actions: INTERFACE_ACTIONS, resources: ["*"] }));
  const { partition, region, account } = Stack.of(role);
  role.addToPolicy(
    new iam.PolicyStatement({
      effect: iam.Effect.DENY,
      actions: INTERFACE_ACTIONS,
      resources: ["*"],
      conditions: { ArnEquals: { "lambda:SourceFunctionArn": `arn:${partition}:lambda:${region}:${account}:function:${functionName}` } },
    }),
  );
  Validations.of(role).acknowledge({
    id: "AwsSolutions-IAM5[Resource::*]",
    reason:
      "Lambda makes the network interfaces of a function in a VPC with this role; they have no ARN before. The function's code is denied it.",
  });
}
