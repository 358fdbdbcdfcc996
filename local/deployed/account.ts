import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { explainError } from "../explain.ts";
import { UserError } from "../user-error.ts";

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

/** @throws UserError with exit code 2 where the region or the credentials are missing */
export async function openAccount(): Promise<Account> {
  const cloudFormation = new CloudFormationClient();
  const region = await cloudFormation.config.region().catch(() => {
    throw new UserError("The region is not known: set AWS_REGION, or AWS_PROFILE to a profile that has one.", 2);
  });
  const { accountId: id = null } = await cloudFormation.config.credentials().catch((error: unknown) => {
    const reason = explainError(error).replace(/\.$/, "");
    throw new UserError(`No AWS credentials (${reason}): set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`, 2);
  });
  const clients = { cloudFormation, lambda: new LambdaClient(), cloudWatch: new CloudWatchClient(), logs: new CloudWatchLogsClient() };
  return {
    ...{ region, id, ...clients },
    close() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
