import { IngestError } from "../errors.ts";
import { AwsError, callAws } from "./call.ts";
import type { Aws } from "./environment.ts";

/**
 * The text of a secret in Secrets Manager, as it is at this moment.
 * @param id name or ARN
 * @param variable where the id stands; told instead of it, because who confuses the two puts a password there
 * @throws IngestError `login_unavailable`
 */
export async function readSecret(id: string, variable: string, aws: Aws): Promise<string> {
  const { SecretString } = await callAws(aws, "secretsmanager", "GetSecretValue", { SecretId: id }).catch((error: unknown) => {
    throw error instanceof AwsError ? unavailable(`Secrets Manager did not give the secret that ${variable} names: ${error.code}`) : error;
  });
  if (typeof SecretString !== "string") throw unavailable(`The secret that ${variable} names holds no text`);
  return SecretString;
}

/** The password in a secret: the text itself, or member `password` where the text is a JSON object, as RDS writes it. */
export async function readPassword(id: string, variable: string, aws: Aws): Promise<string> {
  const text = await readSecret(id, variable, aws);
  const members = objectIn(text);
  if (!members) return text;
  if ("password" in members && typeof members.password === "string") return members.password;
  throw unavailable(`The secret that ${variable} names is a JSON object without a text "password"`);
}

function objectIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function unavailable(what: string): IngestError {
  return new IngestError(
    "login_unavailable",
    `${what}. Check the secret, the function's permission to read it and the way to the Secrets Manager endpoint.`,
  );
}
