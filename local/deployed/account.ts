import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { UserError } from "../terminal/errors.ts";
import { explainError } from "../terminal/explain.ts";

/** The account and region that the environment gives access to, by the AWS SDK's own rules: variables, profiles, roles, AWS_ENDPOINT_URL. */
export interface Account {
  readonly region: string;
  /** null where the credentials do not tell. */
  readonly id: string | null;
  readonly cloudFormation: CloudFormationClient;
  readonly lambda: LambdaClient;
  readonly cloudWatch: CloudWatchClient;
  readonly logs: CloudWatchLogsClient;
  close(): void;
}

/** Of these the SDK says no more than "Invalid URL", or that the region is missing. */
function checkEnvironment(env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(env)) {
    if (!value) continue;
    if (name.startsWith("AWS_ENDPOINT_URL") && !/^https?:$/.test(URL.parse(value)?.protocol ?? "")) {
      throw new UserError(`${name} is "${value}", which is no URL like http://localhost:4566.`, 2);
    }
    if ((name === "AWS_REGION" || name === "AWS_DEFAULT_REGION") && !/^[a-z0-9-]+$/.test(value)) {
      throw new UserError(`${name} is "${value}", which is no region like eu-west-1.`, 2);
    }
  }
}

/** @throws UserError with exit code 2 where the region or the credentials are missing */
export async function openAccount(): Promise<Account> {
  checkEnvironment(process.env);
  const profile = process.env.AWS_PROFILE;
  const cloudFormation = new CloudFormationClient();
  const region = await cloudFormation.config.region().catch(() => {
    throw new UserError(
      profile
        ? `The region is not known: profile "${profile}" (AWS_PROFILE) is not there, or has none. Set AWS_REGION.`
        : "The region is not known: set AWS_REGION, or AWS_PROFILE to a profile that has one.",
      2,
    );
  });
  const { accountId: id = null } = await cloudFormation.config.credentials().catch((error: unknown) => {
    const reason = explainError(error).replace(/\.$/, "");
    throw new UserError(
      profile
        ? `No AWS credentials (${reason}): profile "${profile}" (AWS_PROFILE) is not there, or gives none.`
        : `No AWS credentials (${reason}): set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`,
      2,
    );
  });
  const clients = { cloudFormation, lambda: new LambdaClient(), cloudWatch: new CloudWatchClient(), logs: new CloudWatchLogsClient() };
  return {
    ...{ region, id, ...clients },
    close() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
