import { UserError } from "../../local/errors.ts";
import { buildLocalEnvironment } from "../../local/localstack/environment.ts";
import { openLocalStack } from "../../local/localstack/localstack.ts";
import { listStacks } from "../../local/localstack/stacks.ts";
import { postgresFromEnv } from "../../local/targets/from-env.ts";
import { withClient } from "../../local/targets/postgres.ts";

/** Reports a missing service in one sentence, instead of failing in every test. Refuses to touch a stage that is in use. */
export default async function setUp(): Promise<void> {
  try {
    // The region of the tests.
    Object.assign(process.env, buildLocalEnvironment(process.env), { AWS_REGION: "us-east-1" });
    using localStack = await openLocalStack(process.env);
    const names = await listStacks(localStack.cloudFormation);
    if (names.length > 0)
      throw new UserError("Stage local is deployed there, and the tests would change it: remove it with npm run local:destroy.");
    const postgres = postgresFromEnv(process.env);
    if (postgres) await withClient(postgres, async () => {});
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`masqueue: ${error.message}`);
    process.exit(1);
  }
}
