import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { InstanceType, type ISecurityGroup } from "aws-cdk-lib/aws-ec2";
import { Key } from "aws-cdk-lib/aws-kms";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import {
  CaCertificate,
  Credentials,
  DatabaseInstance,
  DatabaseInstanceEngine,
  ParameterGroup,
  PostgresEngineVersion,
  StorageType,
} from "aws-cdk-lib/aws-rds";
import type { Construct } from "constructs";
import type { CreatedDatabase, Stage } from "../config/stage.ts";
import { removalPolicy } from "../names.ts";
import type { AdminSecret } from "../stacks/data.ts";
import type { Network } from "../stacks/network.ts";

/** The current major; the minor is RDS's choice, which keeps it up to date. */
const ENGINE = DatabaseInstanceEngine.postgres({ version: PostgresEngineVersion.of("18", "18") });

/** What keeps Postgres's own log from quoting rows, besides TLS and the number of connections that the configuration was checked against. */
const PARAMETERS = {
  "rds.force_ssl": "1",
  log_error_verbosity: "terse",
  log_min_error_statement: "panic",
  log_parameter_max_length: "0",
  log_parameter_max_length_on_error: "0",
  log_statement: "ddl",
};

/** The master user: only ever used to make the roles. */
const ADMIN = "masqueue_admin";

/** RDS's logs that go to CloudWatch. */
const LOGS = ["postgresql", "upgrade"];

export interface OwnDatabaseProps {
  readonly stage: Stage;
  readonly database: CreatedDatabase;
  readonly network: Network;
  readonly group: ISecurityGroup;
}

/** RDS for PostgreSQL, encrypted, reachable only from the functions. Its master password is made, kept and rotated by RDS. */
export function ownDatabase(
  scope: Construct,
  { stage, database, network, group }: OwnDatabaseProps,
): { instance: DatabaseInstance; adminSecret: AdminSecret } {
  const { keepData } = stage;
  const key = new Key(scope, "StorageKey", {
    description: `Masqueue ${stage.name}: database, backups, master password`,
    enableKeyRotation: true,
    removalPolicy: removalPolicy(keepData),
  });
  const instanceIdentifier = `masqueue-${stage.name}`;
  const logGroups = LOGS.map(
    (log) =>
      // Made before RDS would make them, to be kept for a while and not for ever.
      new LogGroup(scope, `${log}-log`, {
        logGroupName: `/aws/rds/instance/${instanceIdentifier}/${log}`,
        retention: keepData ? RetentionDays.THREE_MONTHS : RetentionDays.ONE_WEEK,
        // Its name is fixed too: kept, it would stand in the way of the next database.
        removalPolicy: RemovalPolicy.DESTROY,
      }),
  );
  const instance = new DatabaseInstance(scope, "Instance", {
    // Fixed: operators type it, and a change that would replace the database fails instead.
    instanceIdentifier,
    engine: ENGINE,
    instanceType: new InstanceType(database.instanceType),
    databaseName: database.name,
    credentials: Credentials.fromUsername(ADMIN, { encryptionKey: key }),
    manageMasterUserPassword: true,
    vpc: network.vpc,
    vpcSubnets: { subnets: [...network.subnets] },
    securityGroups: [group],
    publiclyAccessible: false,
    multiAz: database.multiAz,
    iamAuthentication: true,
    caCertificate: CaCertificate.RDS_CA_RSA2048_G1,
    storageEncrypted: true,
    storageEncryptionKey: key,
    storageType: StorageType.GP3,
    allocatedStorage: database.storageGiB,
    maxAllocatedStorage: database.maxStorageGiB,
    backupRetention: Duration.days(database.backupDays),
    copyTagsToSnapshot: true,
    deleteAutomatedBackups: !keepData,
    autoMinorVersionUpgrade: true,
    cloudwatchLogsExports: LOGS,
    parameterGroup: new ParameterGroup(scope, "Parameters", {
      engine: ENGINE,
      description: "TLS only; no rows in the log",
      parameters: { ...PARAMETERS, max_connections: String(database.maxConnections) },
    }),
    deletionProtection: keepData,
    removalPolicy: keepData ? RemovalPolicy.SNAPSHOT : RemovalPolicy.DESTROY,
  });
  instance.node.addDependency(...logGroups);
  acknowledge(instance, stage, database);
  if (!instance.secret) throw new Error("RDS gives no secret for its master password");
  return { instance, adminSecret: { arn: instance.secret.secretArn, keyArn: key.keyArn, user: ADMIN } };
}

function acknowledge(instance: DatabaseInstance, { name, keepData }: Stage, { multiAz }: CreatedDatabase): void {
  const findings = [
    { id: "AwsSolutions-RDS11", reason: "Only the functions' security group is let in; another port would hide nothing." },
    ...(multiAz ? [] : [{ id: "AwsSolutions-RDS3", reason: `Stage ${name} may wait for its zone: the queue keeps messages for 4 days.` }]),
    ...(keepData ? [] : [{ id: "AwsSolutions-RDS10", reason: `Stage ${name} holds nothing to keep (keepData is false).` }]),
  ];
  Validations.of(instance).acknowledge(...findings);
}
