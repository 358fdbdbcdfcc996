import type { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { ignoreMissing } from "./localstack.ts";

const SecretId = "masqueue-local-postgres";

/** Puts Postgres's password into the secret that the function reads. @returns the secret's ARN */
export async function putPassword(secrets: SecretsManager, password: string): Promise<string> {
  // As RDS writes it; besides, a secret must not be empty, and a password may be.
  const SecretString = JSON.stringify({ password });
  const updated = await secrets.putSecretValue({ SecretId, SecretString }).catch(ignoreMissing);
  const { ARN = "" } = updated ?? (await secrets.createSecret({ Name: SecretId, SecretString }));
  return ARN;
}

/** @returns whether there was one */
export async function removePassword(secrets: SecretsManager): Promise<boolean> {
  // A forced deletion succeeds even if there is no secret.
  if (!(await secrets.describeSecret({ SecretId }).catch(ignoreMissing))) return false;
  await secrets.deleteSecret({ SecretId, ForceDeleteWithoutRecovery: true });
  return true;
}
