import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { ENV } from "../../lambda/names.ts";
import type { PostgresAccess } from "../constructs/postgres-access.ts";

/** What stage `local` uses and does not make: `npm run local:deploy` has it ready in LocalStack, and says so in the environment. */
export interface LocalServices {
  readonly region: string;
  /** Where code lies on its way into LocalStack. */
  readonly assetsBucket: string;
  readonly maskingKeyArn: string;
  readonly access: PostgresAccess;
}

/** The region, and the variables that the function is to find, with Postgres as it is seen from where the function runs. */
export function readServices(env: Readonly<Record<string, string | undefined>>): LocalServices {
  const read = (name: string) => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set: stage local is deployed by npm run local:deploy.`);
    return value;
  };
  const secretArn = read(ENV.passwordSecret);
  const names = [ENV.host, ENV.port, ENV.user, ENV.database];
  return {
    region: read("AWS_REGION"),
    assetsBucket: read("ASSETS_BUCKET"),
    maskingKeyArn: read(ENV.kmsKey),
    access: {
      environment: {
        ...Object.fromEntries(names.map((name) => [name, read(name)])),
        [ENV.passwordSecret]: secretArn,
        // A Postgres on a laptop has no certificate that anybody could verify.
        [ENV.sslMode]: "disable",
      },
      statements: [new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [secretArn] })],
    },
  };
}
