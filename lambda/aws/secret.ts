import * as errors from "../errors.ts";
import { parseObject } from "../json.ts";
import { AwsError, callAws } from "./call.ts";
import type { Aws } from "./environment.ts";

/**
 * Reads the current text of a secret in Secrets Manager.
 * @param id name or ARN
 * @param variable the variable that holds the id; errors name it instead of the id, because it may hold a password by mistake
 * @throws IngestError `login_unavailable`
 */
export async function readSecret(id: string, variable: string, aws: Aws): Promise<string> {
  const { SecretString } = await callAws(aws, "secretsmanager", "GetSecretValue", { SecretId: id }).catch((error: unknown) => {
    throw error instanceof AwsError ? errors.secretUnusable(variable, error.code) : error;
  });
  if (typeof SecretString !== "string") throw errors.secretUnusable(variable, "it holds no text");
  return SecretString;
}

/** Reads the password in a secret: the text itself, or member `password` if the text is a JSON object, as RDS writes it. */
export async function readPassword(id: string, variable: string, aws: Aws): Promise<string> {
  const text = await readSecret(id, variable, aws);
  const members = parseObject(text);
  if (!members) return text;
  if (typeof members.password !== "string") throw errors.secretUnusable(variable, 'it is a JSON object without a text "password"');
  return members.password;
}
