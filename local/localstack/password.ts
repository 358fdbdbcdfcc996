import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { ignoreMissing } from "./localstack.ts";

const SecretId = "masqueue-local-postgres";

/** Puts Postgres's password into the secret that the function reads. @returns the secret's ARN */
export async function putPassword(secrets: SecretsManagerClient, password: string): Promise<string> {
  // As RDS writes it; besides, a secret must not be empty, and a password may be.
  const SecretString = JSON.stringify({ password });
  const updated = await secrets.send(new PutSecretValueCommand({ SecretId, SecretString })).catch(ignoreMissing);
  const { ARN = "" } = updated ?? (await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString })));
  return ARN;
}

/** @returns whether there was one */
export async function removePassword(secrets: SecretsManagerClient): Promise<boolean> {
  // A forced deletion succeeds even if there is no secret.
  if (!(await secrets.send(new DescribeSecretCommand({ SecretId })).catch(ignoreMissing))) return false;
  await secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
  return true;
}
