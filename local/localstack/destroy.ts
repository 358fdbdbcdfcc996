import { runProgram } from "../terminal/program.ts";
import { buildLocalEnvironment } from "./environment.ts";
import { openLocalStack } from "./localstack.ts";
import { removeMaskingKey } from "./masking-key.ts";
import { removePassword } from "./password.ts";
import { removeStacks } from "./stacks.ts";

await runProgram(destroy);

/** Removes from LocalStack everything that `npm run local:deploy` created there. Rows and the key file stay. */
async function destroy(): Promise<void> {
  using localStack = await openLocalStack({ ...process.env, ...buildLocalEnvironment(process.env) });
  const removed = await removeStacks(localStack.cloudFormation);
  if (await removePassword(localStack.secrets)) removed.push("the password");
  if (await removeMaskingKey(localStack.kms)) removed.push("the masking key (its file stays)");
  console.log(removed.length > 0 ? `Removed ${removed.join(", ")}.` : "There is nothing to remove.");
}
