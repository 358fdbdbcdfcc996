import { UserError } from "../terminal/errors.ts";
import { explainError } from "../terminal/explain.ts";

/** What a call of a named queue runs into first, by the name of the SDK's error, and what to do. */
const HELP: readonly (readonly [RegExp, string])[] = [
  [/NonExistentQueue|QueueDoesNotExist/, "there is no such queue: check QUEUE_URL and AWS_REGION"],
  [/CredentialsProviderError/, "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"],
  [/Region is missing/, "the region is not known: set AWS_REGION"],
  [/AccessDenied|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient/, "the credentials do not let us use it"],
];

/** Runs a call of SQS; what goes wrong becomes a sentence that names the queue. */
export async function explained<T>(label: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const text = error instanceof Error ? `${error.name} ${error.message}` : "";
    const help = HELP.find(([pattern]) => pattern.test(text))?.[1];
    throw new UserError(`The queue ${label} cannot be used: ${help ?? explainError(error)}.`);
  }
}
