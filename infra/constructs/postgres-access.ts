import { Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { ENV } from "../../lambda/names.ts";

/** How a function logs in to Postgres: its environment, and what its role may do. Neither contains a password. */
export interface PostgresAccess {
  readonly environment: Readonly<Record<string, string>>;
  readonly statements: readonly iam.PolicyStatement[];
}

/** A database as its clients see it. */
export interface PostgresEndpoint {
  readonly host: string;
  readonly port: string;
  /** Name of the database. */
  readonly database: string;
  /** IAM grants name it: `db-…`, `cluster-…` or `shardgroup-…`. A restored instance has a new one. */
  readonly resourceId: string;
  /** The secret of a user who may create roles; absent if the roles are created by hand. */
  readonly admin: AdminSecret | undefined;
}

/** The key that encrypts it is absent for AWS's own, the user if only the secret contains it. */
export type AdminSecret = Readonly<{ arn: string; keyArn: string | undefined; user: string }>;

/** The certificates of RDS in Lambda's image: https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html */
const LAMBDA_CERTIFICATES = "/var/runtime/ca-cert.pem";

/** Access by IAM as `role` only, to the server that RDS's certificate names. */
export function createIamAccess(scope: Construct, { host, port, database, resourceId }: PostgresEndpoint, role: string): PostgresAccess {
  const { partition, region, account } = Stack.of(scope);
  const user = `arn:${partition}:rds-db:${region}:${account}:dbuser:${resourceId}/${role}`;
  return {
    environment: {
      [ENV.host]: host,
      [ENV.port]: port,
      [ENV.database]: database,
      [ENV.user]: role,
      [ENV.iamAuth]: "true",
      [ENV.sslRootCert]: LAMBDA_CERTIFICATES,
    },
    statements: [new iam.PolicyStatement({ actions: ["rds-db:connect"], resources: [user] })],
  };
}
