import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";

const SecretId = "masqueue-local-postgres";

/** Puts Postgres's password where the function reads it. @returns the secret's ARN */
export async function putPassword(secrets: SecretsManagerClient, password: string): Promise<string> {
  // As RDS writes it; and a secret is never empty, while a password may be.
  const SecretString = JSON.stringify({ password });
  const { ARN = "" } =
    (await orNull(secrets.send(new PutSecretValueCommand({ SecretId, SecretString })))) ??
    (await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString })));
  return ARN;
}

/** @returns whether there was one */
export async function removePassword(secrets: SecretsManagerClient): Promise<boolean> {
  // Forced, the deletion of a secret that is not there succeeds.
  if (!(await orNull(secrets.send(new DescribeSecretCommand({ SecretId }))))) return false;
  await secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
  return true;
}

/** null where there is no such secret. */
async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
}
