import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import { Trigger } from "aws-cdk-lib/triggers";
import type { Construct } from "constructs";
import { ENV, ROLES } from "../../lambda/names.ts";
import type { Stage } from "../config/schema.ts";
import { type AdminSecret, createIamAccess, type PostgresEndpoint } from "../constructs/postgres-access.ts";
import { createPrivateFunction } from "../constructs/private-function.ts";
import type { NetworkStack } from "./network.ts";

/** The code is the folder of the bundled migrate function. */
type SchemaStackProps = Readonly<{ stage: Stage; network: NetworkStack; postgres: PostgresEndpoint; code: string }>;

/**
 * Updates the database once per deployment that changes a migration. A failed migration fails the deployment with its message, before
 * any ingest function changes: the old code goes on consuming.
 */
export class SchemaStack extends Stack {
  constructor(scope: Construct, id: string, { stage, network, postgres, code, ...props }: SchemaStackProps & StackProps) {
    super(scope, id, props);
    const access = createIamAccess(this, postgres, ROLES.migrate);
    const { admin } = postgres;
    const migrate = createPrivateFunction(this, "Migrate", {
      functionName: `masqueue-${stage.name}-migrate`,
      network,
      code,
      handler: "schema/index.handler",
      timeout: Duration.minutes(10),
      memorySize: 512,
      environment: { ...access.environment, ...(admin && { [ENV.adminSecret]: admin.arn }) },
      statements: [...access.statements, ...(admin ? allowAdmin(this, admin, postgres) : [])],
      logRetentionDays: 90,
      keepData: stage.keepData,
    });
    // Longer than the function runs: otherwise a slow migration would count as failed and go on unseen.
    new Trigger(this, "Migrations", { handler: migrate, timeout: Duration.minutes(12) });
  }
}

/** Reads the secret, and logs in as its user by IAM: RDS may refuse that user's password (lambda/functions/migrate.ts). */
function allowAdmin(scope: Construct, { arn, keyArn, user }: AdminSecret, postgres: PostgresEndpoint): iam.PolicyStatement[] {
  const read = new iam.PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [arn] });
  const statements = [read, ...createIamAccess(scope, postgres, user).statements];
  const conditions = { StringEquals: { "kms:ViaService": `secretsmanager.${Stack.of(scope).region}.${Stack.of(scope).urlSuffix}` } };
  if (keyArn) statements.push(new iam.PolicyStatement({ actions: ["kms:Decrypt"], resources: [keyArn], conditions }));
  return statements;
}
