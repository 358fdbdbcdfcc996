import { localEnvironment } from "./environment.ts";
import { openLocalStack } from "./localstack.ts";
import { removeMaskingKey } from "./masking-key.ts";
import { removePassword } from "./password.ts";
import { script } from "./script.ts";
import { removeStacks } from "./stacks.ts";

await script(destroy);

/** Removes from LocalStack what `npm run local:deploy` put there. Rows and the key file stay. */
async function destroy(): Promise<void> {
  const localStack = await openLocalStack({ ...process.env, ...localEnvironment(process.env) });
  try {
    const removed = await removeStacks(localStack.cloudFormation);
    if (await removePassword(localStack.secrets)) removed.push("the password");
    if (await removeMaskingKey(localStack.kms)) removed.push("the masking key (its file stays)");
    console.log(removed.length > 0 ? `Removed ${removed.join(", ")}.` : "There is nothing to remove.");
  } finally {
    localStack.close();
  }
}
