import { Fn } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as iam from "aws-cdk-lib/aws-iam";
import { ENV } from "../../lambda/names.ts";
import type { Endpoint } from "../config/schema.ts";
import type { NetworkStack } from "../stacks/network.ts";

/**
 * The calls that functions make out of their subnets, apart from Postgres: Lambda itself handles SQS, logs and metrics, and a token for
 * IAM authentication is signed without a call. The variable gives a function the endpoint's own name.
 */
export const CALLS = {
  /** Ingest functions derive their masking keys. */
  kms: { service: ec2.InterfaceVpcEndpointAwsService.KMS, action: "kms:GenerateMac", variable: ENV.kmsEndpoint },
  /** The migrate function reads the master user's password, once. */
  secretsmanager: {
    service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    action: "secretsmanager:GetSecretValue",
    variable: ENV.secretsEndpoint,
  },
} satisfies Record<Endpoint, { service: ec2.InterfaceVpcEndpointAwsService; action: string; variable: string }>;

/**
 * Interface endpoints for the calls of the functions only.
 * @param privateDns whether the service's usual name leads to the endpoint, for everything in the VPC. In a shared VPC that would cut
 * the others off: the endpoint admits our functions only, and they get its own name.
 * @returns the environment by which the functions find the endpoints
 */
export function createEndpoints(network: NetworkStack, names: readonly Endpoint[], subnets: readonly ec2.ISubnet[], privateDns: boolean) {
  const { vpc, clients } = network;
  const environment: Record<string, string> = {};
  if (names.length === 0) return environment;
  const group = new ec2.SecurityGroup(network, "Endpoints", { vpc, description: "Interface endpoints", allowAllOutbound: false });
  group.addIngressRule(clients, ec2.Port.HTTPS, "Functions of Masqueue");
  clients.addEgressRule(group, ec2.Port.HTTPS, "AWS by interface endpoints");
  for (const name of names) {
    const { service, action, variable } = CALLS[name];
    const endpoint = new ec2.InterfaceVpcEndpoint(network, `${name}-endpoint`, {
      vpc,
      service,
      subnets: { subnets: [...subnets] },
      securityGroups: [group],
      open: false,
      privateDnsEnabled: privateDns,
    });
    endpoint.addToPolicy(
      new iam.PolicyStatement({
        principals: [new iam.AnyPrincipal()],
        actions: [action],
        // The roles' policies name each resource; this only excludes other accounts.
        resources: ["*"],
        conditions: { StringEquals: { "aws:PrincipalAccount": network.account } },
      }),
    );
    // An entry has the form `<hosted zone>:<name>`; the first is the endpoint's name in all its zones.
    if (!privateDns) environment[variable] = `https://${Fn.select(1, Fn.split(":", Fn.select(0, endpoint.vpcEndpointDnsEntries)))}`;
  }
  return environment;
}
