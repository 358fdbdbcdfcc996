import { Stack, type StackProps } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import type * as rds from "aws-cdk-lib/aws-rds";
import type { Construct } from "constructs";
import { alarmOnDatabase } from "../alarms/database.ts";
import { alarmOnMaskingKey } from "../alarms/masking-key.ts";
import type { Stage } from "../config/schema.ts";
import { createDatabase } from "../constructs/database.ts";
import { createMaskingKey } from "../constructs/masking-key.ts";
import type { PostgresEndpoint } from "../constructs/postgres-access.ts";
import type { Topics } from "./alerts.ts";
import type { NetworkStack } from "./network.ts";

type DataStackProps = Readonly<{ stage: Stage; network: NetworkStack; topics: Topics }>;

/** The data that must outlive everything else: the database, or access to an existing one, and the masking key of its rows. */
export class DataStack extends Stack {
  readonly postgres: PostgresEndpoint;
  readonly maskingKeyArn: string;

  constructor(scope: Construct, id: string, { stage, network, topics, ...props }: DataStackProps & StackProps) {
    super(scope, id, props);
    let instance: rds.DatabaseInstance | undefined;
    if (stage.database.kind === "created") {
      const created = createDatabase(this, stage, stage.database, network);
      ({ instance, postgres: this.postgres } = created);
      allowFunctions(network, created.group, 5432);
    } else {
      const { host, port, name, resourceId, securityGroupId, adminSecretArn, adminSecretKeyArn: keyArn, adminUser: user } = stage.database;
      const admin = adminSecretArn && user ? { arn: adminSecretArn, keyArn, user } : undefined;
      this.postgres = { host, port: String(port), database: name, resourceId, admin };
      allowFunctions(network, ec2.SecurityGroup.fromSecurityGroupId(this, "Database", securityGroupId), port);
    }
    this.maskingKeyArn = stage.masking.keyArn ?? createMaskingKey(this, stage).keyArn;
    alarmOnDatabase(this, { stage, topics }, instance);
    alarmOnMaskingKey(this, { stage, topics }, this.maskingKeyArn);
  }
}

function allowFunctions({ clients }: NetworkStack, database: ec2.ISecurityGroup, port: number): void {
  database.addIngressRule(clients, ec2.Port.tcp(port), "Functions of Masqueue");
  // Remote, in this stack: a rule in the network's stack would refer back to this one.
  clients.addEgressRule(database, ec2.Port.tcp(port), "Postgres", true);
}
