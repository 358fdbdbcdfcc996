import { ArnFormat, type Duration, Stack, Validations } from "aws-cdk-lib";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { removalPolicy } from "../names.ts";
import type { Network } from "../stacks/network.ts";

export interface PrivateFunctionProps {
  readonly functionName: string;
  /** @default made by CloudFormation */
  readonly roleName?: string;
  /** Absent in LocalStack only. */
  readonly network: Network | undefined;
  /** A bundled function's folder. */
  readonly code: string;
  readonly handler: string;
  readonly timeout: Duration;
  readonly memoryMiB: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly statements: readonly PolicyStatement[];
  readonly logRetentionDays: number;
  readonly keepData: boolean;
  /** @default ARM_64, Graviton */
  readonly architecture?: Architecture | undefined;
}

/** A function in the private subnets, with a role and a log group of its own, and nothing that its statements do not say. */
export function privateFunction(scope: Construct, id: string, props: PrivateFunctionProps): LambdaFunction {
  const { functionName, network } = props;
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    retention: props.logRetentionDays,
    removalPolicy: removalPolicy(props.keepData),
  });
  const role = new Role(scope, `${id}Role`, {
    ...(props.roleName && { roleName: props.roleName }),
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    description: `Runs ${functionName}`,
  });
  logGroup.grantWrite(role);
  if (network) mayJoinNetwork(role, functionName);
  for (const statement of props.statements) role.addToPolicy(statement);
  const fn = new LambdaFunction(scope, id, {
    functionName,
    role,
    runtime: Runtime.NODEJS_24_X,
    architecture: props.architecture ?? Architecture.ARM_64,
    code: Code.fromAsset(props.code),
    handler: props.handler,
    timeout: props.timeout,
    memorySize: props.memoryMiB,
    environment: { ...network?.variables, ...props.environment, NODE_OPTIONS: "--enable-source-maps" },
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    applicationLogLevelV2: ApplicationLogLevel.INFO,
    systemLogLevelV2: SystemLogLevel.INFO,
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
 * Lambda itself makes the function's network interfaces, with the function's role. The second statement keeps the function's own code
 * from doing so: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice-security
 */
function mayJoinNetwork(role: Role, functionName: string): void {
  // Every resource: the interfaces do not exist yet, and the Describe actions know no narrower one.
  role.addToPolicy(new PolicyStatement({ actions: INTERFACE_ACTIONS, resources: ["*"] }));
  const functionArn = Stack.of(role).formatArn({
    service: "lambda",
    resource: "function",
    resourceName: functionName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  role.addToPolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      actions: INTERFACE_ACTIONS,
      resources: ["*"],
      conditions: { ArnEquals: { "lambda:SourceFunctionArn": functionArn } },
    }),
  );
  Validations.of(role).acknowledge({
    id: "AwsSolutions-IAM5[Resource::*]",
    reason:
      "Lambda makes the network interfaces of a function in a VPC with this role; they have no ARN before. The function's code is denied it.",
  });
}
