import { describe, expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { templateOf, VARIANTS } from "../support/stage.ts";

const existing = VARIANTS["existing database"];
const INSTANCE = "AWS::RDS::DBInstance";
const HMAC_KEY = { KeySpec: "HMAC_256" };
const role = (name: string) => ({ "Fn::Join": ["", Match.arrayWith([`:role/masqueue-${name}-`, { Ref: "AWS::Region" }])] });

describe("a created database", () => {
  test("is Postgres 18 on Graviton, encrypted by a separate key, private, with login by IAM", () => {
    const template = templateOf("data", "prod");
    template.hasResourceProperties(INSTANCE, {
      Engine: "postgres",
      EngineVersion: "18",
      DBInstanceClass: Match.stringLikeRegexp("^db\\.[a-z]\\d+g\\."),
      StorageEncrypted: true,
      KmsKeyId: { "Fn::GetAtt": [Match.stringLikeRegexp("StorageKey"), "Arn"] },
      PubliclyAccessible: false,
      EnableIAMDatabaseAuthentication: true,
      EnableCloudwatchLogsExports: ["postgresql", "upgrade"],
    });
    template.hasResourceProperties("AWS::KMS::Key", { EnableKeyRotation: true });
  });

  test("has a master password that RDS creates and no template contains", () => {
    const template = templateOf("data", "prod");
    template.hasResourceProperties(INSTANCE, {
      ManageMasterUserPassword: true,
      MasterUserPassword: Match.absent(),
      MasterUserSecret: { KmsKeyId: { "Fn::GetAtt": [Match.stringLikeRegexp("StorageKey"), "Arn"] } },
    });
    template.resourceCountIs("AWS::SecretsManager::Secret", 0);
  });

  test("accepts TLS only, logs no rows, and allows as many connections as configured", () => {
    templateOf("data", "dev", { "database.maxConnections": "90" }).hasResourceProperties("AWS::RDS::DBParameterGroup", {
      Family: "postgres18",
      Parameters: Match.objectLike({
        "rds.force_ssl": "1",
        log_error_verbosity: "terse",
        log_min_error_statement: "panic",
        log_parameter_max_length: "0",
        log_parameter_max_length_on_error: "0",
        max_connections: "90",
      }),
    });
  });

  test("can be upgraded to another major version: the upgrade is allowed, and each version has a parameter group of its family", () => {
    const template = templateOf("data", "prod");
    const [[id, group] = []] = Object.entries(template.findResources("AWS::RDS::DBParameterGroup"));
    expect(id).toContain(String(group?.Properties.Family).replace("postgres", "Parameters"));
    template.hasResourceProperties(INSTANCE, { AllowMajorVersionUpgrade: true, DBParameterGroupName: { Ref: id } });
  });

  test.each([
    ["dev", "Delete", { MultiAZ: false, DeletionProtection: false, BackupRetentionPeriod: 1 }],
    ["staging", "Snapshot", { MultiAZ: false, DeletionProtection: true, BackupRetentionPeriod: 14, DeleteAutomatedBackups: false }],
    ["prod", "Snapshot", { MultiAZ: true, DeletionProtection: true, BackupRetentionPeriod: 14 }],
  ])("in %s has deletion policy %s and the protection that fits it", (stage, DeletionPolicy, Properties) => {
    templateOf("data", stage).hasResource(INSTANCE, { DeletionPolicy, UpdateReplacePolicy: DeletionPolicy, Properties });
  });

  test("admits the functions only", () => {
    const template = templateOf("data", "prod");
    template.resourceCountIs("AWS::EC2::SecurityGroupIngress", 1);
    template.hasResourceProperties("AWS::EC2::SecurityGroupIngress", {
      FromPort: 5432,
      ToPort: 5432,
      SourceSecurityGroupId: { "Fn::ImportValue": Match.stringLikeRegexp("Clients") },
    });
    template.hasResourceProperties("AWS::EC2::SecurityGroupEgress", {
      FromPort: 5432,
      ToPort: 5432,
      GroupId: { "Fn::ImportValue": Match.stringLikeRegexp("Clients") },
    });
    template.hasResourceProperties("AWS::EC2::SecurityGroup", { SecurityGroupIngress: Match.absent() });
  });
});

describe("an existing database", () => {
  test("gets a rule that admits the functions, and no other change", () => {
    const template = templateOf("data", "prod", existing);
    template.resourceCountIs(INSTANCE, 0);
    template.hasResourceProperties("AWS::EC2::SecurityGroupIngress", { GroupId: existing?.["database.securityGroupId"], FromPort: 5432 });
    template.hasResourceProperties("AWS::EC2::SecurityGroupEgress", {
      DestinationSecurityGroupId: existing?.["database.securityGroupId"],
      FromPort: 5432,
    });
  });
});

describe("the masking key", () => {
  test.each([
    ["dev", "Delete"],
    ["staging", "RetainExceptOnCreate"],
    ["prod", "RetainExceptOnCreate"],
  ])("in %s has deletion policy %s", (stage, DeletionPolicy) => {
    templateOf("data", stage).hasResource("AWS::KMS::Key", {
      DeletionPolicy,
      Properties: { ...HMAC_KEY, KeyUsage: "GENERATE_VERIFY_MAC", PendingWindowInDays: 30 },
    });
  });

  test("creates tokens for the ingest functions' roles only, whatever another policy allows", () => {
    const template = templateOf("data", "prod");
    template.hasResourceProperties("AWS::KMS::Key", {
      ...HMAC_KEY,
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: "Deny",
            Principal: { AWS: "*" },
            Action: "kms:GenerateMac",
            Condition: { ArnNotEquals: { "aws:PrincipalArn": [role("prod-user-logins")] } },
          }),
        ]),
      },
    });
    templateOf("ingest-user-logins", "prod").hasResourceProperties("AWS::IAM::Role", {
      RoleName: { "Fn::Join": ["", ["masqueue-prod-user-logins-", { Ref: "AWS::Region" }]] },
    });
  });

  test("is in one Region unless masking.multiRegion is true", () => {
    templateOf("data", "prod").hasResourceProperties("AWS::KMS::Key", { ...HMAC_KEY, MultiRegion: false });
    templateOf("data", "prod", { "masking.multiRegion": "true" }).hasResourceProperties("AWS::KMS::Key", {
      ...HMAC_KEY,
      MultiRegion: true,
    });
  });

  test("is not created if one is named", () => {
    const keyArn = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
    const context = { "masking.keyArn": keyArn };
    templateOf("data", "prod", context).resourcePropertiesCountIs("AWS::KMS::Key", HMAC_KEY, 0);
    templateOf("ingest-user-logins", "prod", context).hasResourceProperties("AWS::Lambda::Function", {
      Environment: { Variables: Match.objectLike({ MASK_KMS_KEY_ID: keyArn }) },
    });
  });
});

test.each(["dev", "prod"])(
  "the storage key of %s remains when its stack is deleted: snapshots and a restored instance need it",
  (stage) => {
    const keys = templateOf("data", stage).findResources("AWS::KMS::Key", { Properties: { EnableKeyRotation: true } });
    expect(Object.values(keys).map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(["RetainExceptOnCreate"]);
  },
);
