import { Annotations, Fn, Stack, type StackProps } from "aws-cdk-lib";
import {
  type CfnSecurityGroup,
  CfnSecurityGroupEgress,
  FlowLogDestination,
  FlowLogTrafficType,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { AnyPrincipal, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { Endpoint, OwnNetwork, Stage } from "../config/stage.ts";
import { removalPolicy } from "../names.ts";

/** Where functions run, and what they wear. */
export interface Network {
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  /** Worn by every function; what lets them in names it. */
  readonly clients: ISecurityGroup;
}

/**
 * The calls that functions make out of their subnets, apart from Postgres: SQS, logs and metrics are handled by Lambda itself, and a
 * token for IAM authentication is signed without a call.
 */
const ENDPOINTS: Readonly<Record<Endpoint, { service: InterfaceVpcEndpointAwsService; actions: readonly string[] }>> = {
  /** Ingest functions derive their masking keys. */
  kms: { service: InterfaceVpcEndpointAwsService.KMS, actions: ["kms:GenerateMac"] },
  /** The migrate function reads the master user's password, once. */
  secretsmanager: { service: InterfaceVpcEndpointAwsService.SECRETS_MANAGER, actions: ["secretsmanager:GetSecretValue"] },
};

/**
 * Egress to nowhere. The rules that functions need stand as resources of their own, in the stacks of what they reach; a group that
 * has none of its own would be given one to everywhere.
 */
const NOWHERE = { CidrIp: "255.255.255.255/32", Description: "Disallow all traffic", FromPort: 252, ToPort: 86, IpProtocol: "icmp" };

/** A VPC without a way to the internet, or the one that the configuration names. */
export class NetworkStack extends Stack implements Network {
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  readonly clients: ISecurityGroup;

  constructor(scope: Construct, id: string, { stage, ...props }: { stage: Stage } & StackProps) {
    super(scope, id, props);
    const { network } = stage;
    if (network.kind === "own") {
      this.vpc = ownVpc(this, network, stage.keepData);
      this.subnets = this.vpc.isolatedSubnets;
    } else {
      const { vpcId, availabilityZones, subnetIds } = network;
      this.vpc = Vpc.fromVpcAttributes(this, "Vpc", { vpcId, availabilityZones: [...availabilityZones], privateSubnetIds: [...subnetIds] });
      Annotations.of(this.vpc).acknowledgeWarning("@aws-cdk/aws-ec2:noSubnetRouteTableId", "No route is added to a VPC of the user's.");
      this.subnets = this.vpc.privateSubnets;
    }
    this.clients = new SecurityGroup(this, "Clients", {
      vpc: this.vpc,
      description: `Functions of Masqueue ${stage.name}`,
      allowAllOutbound: false,
    });
    (this.clients.node.defaultChild as CfnSecurityGroup).addPropertyOverride("SecurityGroupEgress", [NOWHERE]);
    this.#endpoints(network.endpoints, network.kind === "own" ? this.subnets.slice(0, network.endpointZones) : this.subnets);
    if (network.kind === "existing" && network.endpoints.length < Object.keys(ENDPOINTS).length) {
      // The VPC's own endpoints, or its NAT gateway: what address they have is not known here.
      new CfnSecurityGroupEgress(this, "ToAws", {
        groupId: this.clients.securityGroupId,
        cidrIp: "0.0.0.0/0",
        ipProtocol: "tcp",
        fromPort: 443,
        toPort: 443,
        description: "AWS by the ways that the VPC has",
      });
    }
  }

  #endpoints(names: readonly Endpoint[], subnets: readonly ISubnet[]): void {
    if (names.length === 0) return;
    const group = new SecurityGroup(this, "Endpoints", { vpc: this.vpc, description: "Interface endpoints", allowAllOutbound: false });
    group.addIngressRule(this.clients, Port.HTTPS, "Masqueue's functions");
    this.clients.addEgressRule(group, Port.HTTPS, "AWS by interface endpoints");
    for (const name of names) {
      const { service, actions } = ENDPOINTS[name];
      this.vpc
        .addInterfaceEndpoint(`${name}-endpoint`, { service, subnets: { subnets: [...subnets] }, securityGroups: [group], open: false })
        .addToPolicy(
          new PolicyStatement({
            principals: [new AnyPrincipal()],
            actions: [...actions],
            // What may be called is said by the roles' policies, resource by resource; this only keeps other accounts out.
            resources: ["*"],
            conditions: { StringEquals: { "aws:PrincipalAccount": this.account } },
          }),
        );
    }
  }
}

function ownVpc(scope: Construct, { cidr, zones }: OwnNetwork, keepData: boolean): Vpc {
  const vpc = new Vpc(scope, "Vpc", {
    ipAddresses: IpAddresses.cidr(cidr),
    // By their number: which zones there are needs no look-up at synth.
    availabilityZones: Array.from({ length: zones }, (_, i) => Fn.select(i, Fn.getAzs())),
    natGateways: 0,
    subnetConfiguration: [{ name: "isolated", subnetType: SubnetType.PRIVATE_ISOLATED }],
    restrictDefaultSecurityGroup: true,
  });
  const logGroup = new LogGroup(scope, "FlowLogs", {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: removalPolicy(keepData),
  });
  vpc.addFlowLog("Refused", { destination: FlowLogDestination.toCloudWatchLogs(logGroup), trafficType: FlowLogTrafficType.REJECT });
  return vpc;
}
