import { Fn, Stack } from "aws-cdk-lib";
import {
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Port,
  SecurityGroup,
} from "aws-cdk-lib/aws-ec2";
import { AnyPrincipal, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { ENV } from "../../lambda/names.ts";
import type { Endpoint } from "../config/stage.ts";

interface Call {
  readonly service: InterfaceVpcEndpointAwsService;
  readonly action: string;
  /** The variable by which a function is told the endpoint's own name. */
  readonly variable: string;
}

/**
 * The calls that functions make out of their subnets, apart from Postgres: SQS, logs and metrics are handled by Lambda itself, and a
 * token for IAM authentication is signed without a call.
 */
const CALLS: Readonly<Record<Endpoint, Call>> = {
  /** Ingest functions derive their masking keys. */
  kms: { service: InterfaceVpcEndpointAwsService.KMS, action: "kms:GenerateMac", variable: ENV.kmsEndpoint },
  /** The migrate function reads the master user's password, once. */
  secretsmanager: {
    service: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    action: "secretsmanager:GetSecretValue",
    variable: ENV.secretsEndpoint,
  },
};

/** Whether every call has an endpoint among these. */
export function isComplete(endpoints: readonly Endpoint[]): boolean {
  return endpoints.length === Object.keys(CALLS).length;
}

export interface EndpointsProps {
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  readonly clients: ISecurityGroup;
  /**
   * Whether the service's usual name leads to the endpoint, for everything in the VPC. Where others live there that would cut them off:
   * the endpoint lets in our functions only, and they are told its own name.
   */
  readonly privateDns: boolean;
}

/**
 * Interface endpoints for the calls of the functions, and for nobody and nothing else.
 * @returns what the environment of the functions must hold to use them
 */
export function makeEndpoints(scope: Construct, names: readonly Endpoint[], props: EndpointsProps): Record<string, string> {
  const { vpc, subnets, clients, privateDns } = props;
  if (names.length === 0) return {};
  const group = new SecurityGroup(scope, "Endpoints", { vpc, description: "Interface endpoints", allowAllOutbound: false });
  group.addIngressRule(clients, Port.HTTPS, "Functions of Masqueue");
  clients.addEgressRule(group, Port.HTTPS, "AWS by interface endpoints");
  const environment: Record<string, string> = {};
  for (const name of names) {
    const { service, action, variable } = CALLS[name];
    const endpoint = new InterfaceVpcEndpoint(scope, `${name}-endpoint`, {
      vpc,
      service,
      subnets: { subnets: [...subnets] },
      securityGroups: [group],
      open: false,
      privateDnsEnabled: privateDns,
    });
    endpoint.addToPolicy(onlyThisAccount(scope, action));
    // An entry reads `<hosted zone>:<name>`; the first is the endpoint's name in all its zones.
    if (!privateDns) environment[variable] = `https://${Fn.select(1, Fn.split(":", Fn.select(0, endpoint.vpcEndpointDnsEntries)))}`;
  }
  return environment;
}

function onlyThisAccount(scope: Construct, action: string): PolicyStatement {
  return new PolicyStatement({
    principals: [new AnyPrincipal()],
    actions: [action],
    // What may be called is said by the roles' policies, resource by resource; this only keeps other accounts out.
    resources: ["*"],
    conditions: { StringEquals: { "aws:PrincipalAccount": Stack.of(scope).account } },
  });
}
