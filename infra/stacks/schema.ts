import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Trigger } from "aws-cdk-lib/triggers";
import type { Construct } from "constructs";
import { ENV, ROLES } from "../../lambda/names.ts";
import type { Stage } from "../config/stage.ts";
import { byIam, type PostgresEndpoint } from "../constructs/postgres-access.ts";
import { privateFunction } from "../constructs/private-function.ts";
import type { AdminSecret } from "./data.ts";
import type { Network } from "./network.ts";

export interface SchemaStackProps extends StackProps {
  readonly stage: Stage;
  readonly network: Network;
  readonly postgres: PostgresEndpoint;
  readonly adminSecret: AdminSecret | undefined;
  /** Folder of the bundled migrate function. */
  readonly code: string;
}

/**
 * Brings the database up to date, once a deployment that changes a migration. A migration that fails, fails the deployment with its
 * message, before any ingest function is touched: the old code goes on consuming.
 */
export class SchemaStack extends Stack {
  constructor(scope: Construct, id: string, { stage, network, postgres, adminSecret, code, ...props }: SchemaStackProps) {
    super(scope, id, props);
    const access = byIam(this, postgres, ROLES.migrate);
    const migrate = privateFunction(this, "Migrate", {
      functionName: `masqueue-${stage.name}-migrate`,
      network,
      code,
      handler: "schema/index.handler",
      timeout: Duration.minutes(10),
      memoryMiB: 512,
      environment: { ...access.environment, ...(adminSecret && { [ENV.adminSecret]: adminSecret.arn }) },
      statements: [...access.statements, ...(adminSecret ? mayBeAdmin(this, adminSecret, postgres) : [])],
      logRetentionDays: 90,
      keepData: stage.keepData,
    });
    // Waits longer than the function runs: else a slow migration would count as failed and go on unseen.
    new Trigger(this, "Migrations", { handler: migrate, timeout: Duration.minutes(12) });
  }
}

/** May read the secret, and log in as its user by IAM where that is known: RDS may take that user's password no more (lambda/functions/migrate.ts). */
function mayBeAdmin(scope: Construct, { arn, keyArn, user }: AdminSecret, postgres: PostgresEndpoint): PolicyStatement[] {
  const statements = [
    new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [arn] }),
    ...(user ? byIam(scope, postgres, user).statements : []),
  ];
  if (!keyArn) return statements;
  const viaService = `secretsmanager.${Stack.of(scope).region}.${Stack.of(scope).urlSuffix}`;
  return [
    ...statements,
    new PolicyStatement({
      actions: ["kms:Decrypt"],
      resources: [keyArn],
      conditions: { StringEquals: { "kms:ViaService": viaService } },
    }),
  ];
}
