import { Annotations, Fn, Stack, type StackProps } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { CreatedNetwork, ExistingNetwork, Stage } from "../config/schema.ts";
import { CALLS, createEndpoints } from "../constructs/endpoints.ts";
import { removalPolicy } from "../names.ts";

/**
 * Egress to nowhere. The rules that functions need are separate resources, in the stacks of what they reach; AWS gives a group without
 * a rule one to everywhere.
 */
const NOWHERE = { CidrIp: "255.255.255.255/32", Description: "Disallow all traffic", FromPort: 252, ToPort: 86, IpProtocol: "icmp" };

const ZONES_MAY_MOVE =
  "network.availabilityZones is not given: if the Region's list of zones changes, deployments fail. Name the zones of the subnets in cdk.json.";

/** Where functions run: a created VPC without a way to the internet, or the one that the configuration names. */
export class NetworkStack extends Stack {
  readonly vpc: ec2.IVpc;
  readonly subnets: readonly ec2.ISubnet[];
  /** Every function has it; rules that admit the functions name it. */
  readonly clients: ec2.ISecurityGroup;
  /** Environment by which a function finds the endpoints. */
  readonly variables: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, { stage, ...props }: { stage: Stage } & StackProps) {
    super(scope, id, props);
    const { network, keepData } = stage;
    const isCreated = network.kind === "created";
    if (isCreated && keepData && !network.availabilityZones) Annotations.of(this).addWarningV2("masqueue:zones", ZONES_MAY_MOVE);
    this.vpc = isCreated ? createVpc(this, network, keepData) : importVpc(this, network);
    this.subnets = isCreated ? this.vpc.isolatedSubnets : this.vpc.privateSubnets;
    this.clients = new ec2.SecurityGroup(this, "Clients", {
      vpc: this.vpc,
      description: `Functions of Masqueue ${stage.name}`,
      allowAllOutbound: false,
    });
    (this.clients.node.defaultChild as ec2.CfnSecurityGroup).addPropertyOverride("SecurityGroupEgress", [NOWHERE]);
    const subnets = isCreated ? this.subnets.slice(0, network.endpointZones) : this.subnets;
    this.variables = createEndpoints(this, network.endpoints, subnets, isCreated);
    if (!isCreated && network.endpoints.length < Object.keys(CALLS).length) allowAws(this, this.clients);
  }
}

function importVpc(scope: Construct, { vpcId, availabilityZones, subnetIds }: ExistingNetwork): ec2.IVpc {
  const vpc = ec2.Vpc.fromVpcAttributes(scope, "Vpc", {
    vpcId,
    availabilityZones: [...availabilityZones],
    privateSubnetIds: [...subnetIds],
  });
  Annotations.of(vpc).acknowledgeWarning("@aws-cdk/aws-ec2:noSubnetRouteTableId", "No route is added to a VPC of the user's.");
  return vpc;
}

/** To the VPC's own endpoints or its NAT gateway, whose addresses are not known here. */
function allowAws(scope: Construct, clients: ec2.ISecurityGroup): void {
  new ec2.CfnSecurityGroupEgress(scope, "ToAws", {
    groupId: clients.securityGroupId,
    cidrIp: "0.0.0.0/0",
    ipProtocol: "tcp",
    fromPort: 443,
    toPort: 443,
    description: "AWS by the ways that the VPC has",
  });
}

/** Room for four subnets of a fixed size, so that a zone can be added without moving the others. */
const SUBNET_BITS = 2;

function createVpc(scope: Construct, { cidr, zones, availabilityZones }: CreatedNetwork, keepData: boolean): ec2.Vpc {
  const cidrMask = Number(cidr.split("/")[1]) + SUBNET_BITS;
  const vpc = new ec2.Vpc(scope, "Vpc", {
    ipAddresses: ec2.IpAddresses.cidr(cidr),
    // By their number: synth needs no look-up of the Region's zones.
    availabilityZones: availabilityZones ? [...availabilityZones] : Array.from({ length: zones }, (_, i) => Fn.select(i, Fn.getAzs())),
    natGateways: 0,
    subnetConfiguration: [{ name: "isolated", subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask }],
    restrictDefaultSecurityGroup: true,
  });
  const logGroup = new logs.LogGroup(scope, "FlowLogs", {
    retention: logs.RetentionDays.ONE_MONTH,
    removalPolicy: removalPolicy(keepData),
  });
  const { partition, region, account } = Stack.of(scope);
  const flowLogs = `arn:${partition}:ec2:${region}:${account}:vpc-flow-log/*`;
  const conditions = { StringEquals: { "aws:SourceAccount": account }, ArnLike: { "aws:SourceArn": flowLogs } };
  const role = new iam.Role(scope, "FlowLogsRole", { assumedBy: new iam.ServicePrincipal("vpc-flow-logs.amazonaws.com", { conditions }) });
  const destination = ec2.FlowLogDestination.toCloudWatchLogs(logGroup, role);
  vpc.addFlowLog("Refused", { destination, trafficType: ec2.FlowLogTrafficType.REJECT });
  return vpc;
}
