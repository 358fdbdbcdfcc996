import { ArnFormat, Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { ENV } from "../../lambda/names.ts";

/** How a function logs in to Postgres: what its environment holds, and what its role may do for it. No password is in either. */
export interface PostgresAccess {
  readonly environment: Readonly<Record<string, string>>;
  readonly statements: readonly PolicyStatement[];
}

/** A database as its clients see it. */
export interface PostgresEndpoint {
  readonly host: string;
  readonly port: string;
  /** Name of the database. */
  readonly database: string;
  /** What IAM grants name: `db-…`, `cluster-…` or `shardgroup-…`. A restored instance has a new one. */
  readonly resourceId: string;
}

/** Where Lambda's image keeps the certificates of RDS: https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html */
const LAMBDA_CERTIFICATES = "/var/runtime/ca-cert.pem";

/** Logs in as `role` by IAM, and as nobody else, to the server that RDS's certificate names. */
export function byIam(scope: Construct, { host, port, database, resourceId }: PostgresEndpoint, role: string): PostgresAccess {
  const user = Stack.of(scope).formatArn({
    service: "rds-db",
    resource: "dbuser",
    resourceName: `${resourceId}/${role}`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return {
    environment: {
      [ENV.host]: host,
      [ENV.port]: port,
      [ENV.database]: database,
      [ENV.user]: role,
      [ENV.iamAuth]: "true",
      [ENV.sslRootCert]: LAMBDA_CERTIFICATES,
    },
    statements: [new PolicyStatement({ actions: ["rds-db:connect"], resources: [user] })],
  };
}
