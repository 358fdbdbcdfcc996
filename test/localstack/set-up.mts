import { localEnvironment } from "../../local/localstack/environment.ts";
import { openLocalStack } from "../../local/localstack/localstack.ts";
import { stackNames } from "../../local/localstack/stacks.ts";
import { namedPostgres } from "../../local/targets/from-env.ts";
import { withClient } from "../../local/targets/open.ts";
import { UserError } from "../../local/terminal/errors.ts";

/** Says in one sentence what is missing, instead of failing in every test; and a stage that somebody uses is left alone. */
export default async function setUp(): Promise<void> {
  try {
    // The region that the tests work in, so that it is the one that is looked at.
    Object.assign(process.env, localEnvironment(process.env), { AWS_REGION: "us-east-1" });
    const localStack = await openLocalStack(process.env);
    const names = await stackNames(localStack.cloudFormation);
    localStack.close();
    if (names.length > 0)
      throw new UserError("Stage local is deployed there, and the tests would change it: npm run local:destroy removes it.");
    const postgres = namedPostgres(process.env);
    if (postgres) await withClient(postgres, async () => {});
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`masqueue: ${error.message}`);
    process.exit(1);
  }
}
