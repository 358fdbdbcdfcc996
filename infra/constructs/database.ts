import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as kms from "aws-cdk-lib/aws-kms";
import * as logs from "aws-cdk-lib/aws-logs";
import * as rds from "aws-cdk-lib/aws-rds";
import type { Construct } from "constructs";
import type { CreatedDatabase, Stage } from "../config/schema.ts";
import { databaseInstanceName, removalPolicy } from "../names.ts";
import type { NetworkStack } from "../stacks/network.ts";
import type { PostgresEndpoint } from "./postgres-access.ts";

/** The current major version; RDS chooses the minor one and keeps it up to date. To upgrade: docs/runbook.md#certificate-or-version. */
const MAJOR = "18";
const ENGINE = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of(MAJOR, MAJOR) });

/** TLS only, and no rows in Postgres's own log. */
const PARAMETERS = {
  "rds.force_ssl": "1",
  log_error_verbosity: "terse",
  log_min_error_statement: "panic",
  log_parameter_max_length: "0",
  log_parameter_max_length_on_error: "0",
  log_statement: "ddl",
};

/** The master user: used to create the roles, and for nothing else. */
const ADMIN = "masqueue_admin";

/** RDS's logs that go to CloudWatch. */
const LOGS = ["postgresql", "upgrade"];

/** RDS for PostgreSQL, encrypted, reachable only from the functions. RDS creates, keeps and rotates its master password. */
export function createDatabase(scope: Construct, stage: Stage, database: CreatedDatabase, network: NetworkStack) {
  const { keepData } = stage;
  const group = new ec2.SecurityGroup(scope, "Database", { vpc: network.vpc, description: "Postgres", allowAllOutbound: false });
  const key = new kms.Key(scope, "StorageKey", {
    description: `Masqueue ${stage.name}: database, backups, master password`,
    enableKeyRotation: true,
    // In any stage: an instance that was restored from a backup still needs it.
    removalPolicy: removalPolicy(true),
  });
  const instanceIdentifier = databaseInstanceName(stage.name);
  // Created before RDS creates them, which would keep them for ever. The names are fixed: what remained would block the next database.
  const retention = keepData ? logs.RetentionDays.THREE_MONTHS : logs.RetentionDays.ONE_WEEK;
  const logGroups = LOGS.map((log) => {
    const logGroupName = `/aws/rds/instance/${instanceIdentifier}/${log}`;
    return new logs.LogGroup(scope, `${log}-log`, { logGroupName, retention, removalPolicy: RemovalPolicy.DESTROY });
  });
  const instance = new rds.DatabaseInstance(scope, "Instance", {
    // Fixed, so that a change that would replace the database fails.
    instanceIdentifier,
    engine: ENGINE,
    allowMajorVersionUpgrade: true,
    instanceType: new ec2.InstanceType(database.instanceType),
    databaseName: database.name,
    credentials: rds.Credentials.fromUsername(ADMIN, { encryptionKey: key }),
    manageMasterUserPassword: true,
    vpc: network.vpc,
    vpcSubnets: { subnets: [...network.subnets] },
    securityGroups: [group],
    publiclyAccessible: false,
    multiAz: database.multiAz,
    iamAuthentication: true,
    caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
    storageEncryptionKey: key,
    storageType: rds.StorageType.GP3,
    allocatedStorage: database.storageGiB,
    maxAllocatedStorage: database.maxStorageGiB,
    backupRetention: Duration.days(database.backupDays),
    deleteAutomatedBackups: !keepData,
    autoMinorVersionUpgrade: true,
    cloudwatchLogsExports: LOGS,
    // Another major version needs another group: CloudFormation creates it first, and the upgrade names it.
    parameterGroup: new rds.ParameterGroup(scope, `Parameters${MAJOR}`, {
      engine: ENGINE,
      description: "TLS only; no rows in the log",
      parameters: { ...PARAMETERS, max_connections: String(database.maxConnections) },
    }),
    deletionProtection: keepData,
    removalPolicy: keepData ? RemovalPolicy.SNAPSHOT : RemovalPolicy.DESTROY,
  });
  instance.node.addDependency(...logGroups);
  Validations.of(instance).acknowledge(
    { id: "AwsSolutions-RDS11", reason: "Only the functions' security group is let in; another port would hide nothing." },
    ...(database.multiAz
      ? []
      : [{ id: "AwsSolutions-RDS3", reason: `Stage ${stage.name} may wait for its zone: the queue keeps messages for 4 days.` }]),
    ...(keepData ? [] : [{ id: "AwsSolutions-RDS10", reason: `Stage ${stage.name} holds nothing to keep (keepData is false).` }]),
  );
  if (!instance.secret) throw new Error("RDS gives no secret for its master password");
  const postgres: PostgresEndpoint = {
    host: instance.dbInstanceEndpointAddress,
    port: instance.dbInstanceEndpointPort,
    database: database.name,
    resourceId: instance.instanceResourceId ?? "",
    admin: { arn: instance.secret.secretArn, keyArn: key.keyArn, user: ADMIN },
  };
  return { instance, postgres, group };
}
