import { Stack, type StackProps } from "aws-cdk-lib";
import { CfnSecurityGroupEgress, type ISecurityGroup, Port, SecurityGroup } from "aws-cdk-lib/aws-ec2";
import type { IDatabaseInstance } from "aws-cdk-lib/aws-rds";
import type { Construct } from "constructs";
import { alarmOnDatabase } from "../alarms/database.ts";
import { alarmOnMaskingKey } from "../alarms/masking-key.ts";
import type { Topics } from "../alarms/topics.ts";
import type { Stage } from "../config/stage.ts";
import { ownDatabase } from "../constructs/database.ts";
import { maskingKey } from "../constructs/masking-key.ts";
import type { PostgresEndpoint } from "../constructs/postgres-access.ts";
import { ingestRoleName } from "../names.ts";
import type { Network } from "./network.ts";

/** The secret of a user who may make roles, and the key that encrypts it. */
export interface AdminSecret {
  readonly arn: string;
  /** Absent where AWS's own key encrypts it. */
  readonly keyArn: string | undefined;
  /** Absent where only the secret knows. */
  readonly user: string | undefined;
}

export interface DataStackProps extends StackProps {
  readonly stage: Stage;
  readonly network: Network;
  readonly topics: Topics;
}

/** What must outlive everything else: the database, or the way to an existing one, and the masking key that its rows depend on. */
export class DataStack extends Stack {
  readonly postgres: PostgresEndpoint;
  readonly adminSecret: AdminSecret | undefined;
  /** Only where it was made here. */
  readonly instance: IDatabaseInstance | undefined;
  readonly maskingKeyArn: string;

  constructor(scope: Construct, id: string, { stage, network, topics, ...props }: DataStackProps) {
    super(scope, id, props);
    if (stage.database.kind === "own") {
      const group = new SecurityGroup(this, "Database", { vpc: network.vpc, description: "Postgres", allowAllOutbound: false });
      const { instance, adminSecret } = ownDatabase(this, { stage, database: stage.database, network, group });
      this.instance = instance;
      this.adminSecret = adminSecret;
      this.postgres = {
        host: instance.dbInstanceEndpointAddress,
        port: instance.dbInstanceEndpointPort,
        database: stage.database.name,
        resourceId: instance.instanceResourceId ?? "",
      };
      letIn(network, group, 5432);
    } else {
      const { host, port, name, resourceId, securityGroupId, adminSecretArn, adminSecretKeyArn: keyArn, adminUser: user } = stage.database;
      this.instance = undefined;
      this.adminSecret = adminSecretArn ? { arn: adminSecretArn, keyArn, user } : undefined;
      this.postgres = { host, port: String(port), database: name, resourceId };
      letIn(network, SecurityGroup.fromSecurityGroupId(this, "Database", securityGroupId), port);
    }
    const roleNames = Object.keys(stage.pipelines).map((pipeline) => ingestRoleName(stage.name, pipeline));
    this.maskingKeyArn = stage.masking.keyArn ?? maskingKey(this, stage, roleNames).keyArn;
    alarmOnDatabase(this, { stage, topics, instance: this.instance });
    alarmOnMaskingKey(this, { stage, topics, keyArn: this.maskingKeyArn, roleNames });
  }
}

/** Both rules stand in this stack: a rule out of the network's stack would be a reference backwards. */
function letIn({ clients }: Network, database: ISecurityGroup, port: number): void {
  database.addIngressRule(clients, Port.tcp(port), "Functions of Masqueue");
  new CfnSecurityGroupEgress(database, "FromClients", {
    groupId: clients.securityGroupId,
    destinationSecurityGroupId: database.securityGroupId,
    ipProtocol: "tcp",
    fromPort: port,
    toPort: port,
    description: "Postgres",
  });
}
