import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";

const SecretId = "masqueue-local-postgres";

/** Puts Postgres's password into the secret that the function reads. @returns the secret's ARN */
export async function putPassword(secrets: SecretsManagerClient, password: string): Promise<string> {
  // As RDS writes it; besides, a secret must not be empty, and a password may be.
  const SecretString = JSON.stringify({ password });
  const { ARN = "" } =
    (await nullIfMissing(secrets.send(new PutSecretValueCommand({ SecretId, SecretString })))) ??
    (await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString })));
  return ARN;
}

/** @returns whether there was one */
export async function removePassword(secrets: SecretsManagerClient): Promise<boolean> {
  // A forced deletion succeeds even if there is no secret.
  if (!(await nullIfMissing(secrets.send(new DescribeSecretCommand({ SecretId }))))) return false;
  await secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
  return true;
}

async function nullIfMissing<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
}
