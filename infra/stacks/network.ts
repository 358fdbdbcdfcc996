import { Annotations, Fn, Stack, type StackProps } from "aws-cdk-lib";
import {
  type CfnSecurityGroup,
  CfnSecurityGroupEgress,
  FlowLogDestination,
  FlowLogTrafficType,
  IpAddresses,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { CreatedNetwork, ExistingNetwork, Stage } from "../config/stage.ts";
import { isComplete, makeEndpoints } from "../constructs/endpoints.ts";
import { removalPolicy } from "../names.ts";

/** Where functions run, and what they wear. */
export interface Network {
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  /** Worn by every function; what lets them in names it. */
  readonly clients: ISecurityGroup;
  /** Variables that tell a function the way to AWS. */
  readonly variables: Readonly<Record<string, string>>;
}

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
  readonly variables: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, { stage, ...props }: { stage: Stage } & StackProps) {
    super(scope, id, props);
    const { network, keepData } = stage;
    const isOwn = network.kind === "own";
    this.vpc = isOwn ? ownVpc(this, network, keepData) : existingVpc(this, network);
    this.subnets = isOwn ? this.vpc.isolatedSubnets : this.vpc.privateSubnets;
    this.clients = new SecurityGroup(this, "Clients", {
      vpc: this.vpc,
      description: `Functions of Masqueue ${stage.name}`,
      allowAllOutbound: false,
    });
    (this.clients.node.defaultChild as CfnSecurityGroup).addPropertyOverride("SecurityGroupEgress", [NOWHERE]);
    this.variables = makeEndpoints(this, network.endpoints, {
      vpc: this.vpc,
      subnets: isOwn ? this.subnets.slice(0, network.endpointZones) : this.subnets,
      clients: this.clients,
      privateDns: isOwn,
    });
    if (!isOwn && !isComplete(network.endpoints)) openToAws(this, this.clients);
  }
}

function existingVpc(scope: Construct, { vpcId, availabilityZones, subnetIds }: ExistingNetwork): IVpc {
  const vpc = Vpc.fromVpcAttributes(scope, "Vpc", {
    vpcId,
    availabilityZones: [...availabilityZones],
    privateSubnetIds: [...subnetIds],
  });
  Annotations.of(vpc).acknowledgeWarning("@aws-cdk/aws-ec2:noSubnetRouteTableId", "No route is added to a VPC of the user's.");
  return vpc;
}

/** The VPC's own endpoints, or its NAT gateway: what address they have is not known here. */
function openToAws(scope: Construct, clients: ISecurityGroup): void {
  new CfnSecurityGroupEgress(scope, "ToAws", {
    groupId: clients.securityGroupId,
    cidrIp: "0.0.0.0/0",
    ipProtocol: "tcp",
    fromPort: 443,
    toPort: 443,
    description: "AWS by the ways that the VPC has",
  });
}

/** Room for four subnets of a fixed size, so that a zone can be added without moving the others. */
const BITS_OF_SUBNETS = 2;

function ownVpc(scope: Construct, { cidr, zones, availabilityZones }: CreatedNetwork, keepData: boolean): Vpc {
  const cidrMask = Number(cidr.split("/")[1]) + BITS_OF_SUBNETS;
  const vpc = new Vpc(scope, "Vpc", {
    ipAddresses: IpAddresses.cidr(cidr),
    // By their number: which zones there are needs no look-up at synth.
    availabilityZones: availabilityZones ? [...availabilityZones] : Array.from({ length: zones }, (_, i) => Fn.select(i, Fn.getAzs())),
    natGateways: 0,
    subnetConfiguration: [{ name: "isolated", subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask }],
    restrictDefaultSecurityGroup: true,
  });
  const logGroup = new LogGroup(scope, "FlowLogs", {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: removalPolicy(keepData),
  });
  vpc.addFlowLog("Refused", { destination: FlowLogDestination.toCloudWatchLogs(logGroup), trafficType: FlowLogTrafficType.REJECT });
  return vpc;
}
