import { constants, createPublicKey, publicEncrypt } from "node:crypto";
import type { KMS } from "@aws-sdk/client-kms";
import { importMasterKey } from "../../lambda/masking/keys.ts";
import { ignoreMissing } from "./localstack.ts";

const ALIAS = "alias/masqueue-local-masking";

/**
 * Puts these bytes into the HMAC key of stage `local`, because LocalStack forgets its keys when it ends, and the rows stay. A local run
 * with the same bytes gives a value the same token.
 * @returns the key's ARN
 */
export async function putMaskingKey(kms: KMS, material: Uint8Array): Promise<string> {
  const existing = await findKey(kms);
  if (existing && (await hasMaterial(kms, existing, material))) return existing;
  await removeMaskingKey(kms);
  const arn = await importKey(kms, material);
  await kms.createAlias({ AliasName: ALIAS, TargetKeyId: arn });
  return arn;
}

/** Removes the key's alias and schedules its deletion, in a week, KMS's minimum. @returns whether there was one */
export async function removeMaskingKey(kms: KMS): Promise<boolean> {
  const KeyId = await findKey(kms);
  if (!KeyId) return false;
  await kms.deleteAlias({ AliasName: ALIAS });
  await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
  return true;
}

async function findKey(kms: KMS): Promise<string | undefined> {
  const key = await kms.describeKey({ KeyId: ALIAS }).catch(ignoreMissing);
  return key?.KeyMetadata?.Arn;
}

async function hasMaterial(kms: KMS, KeyId: string, material: Uint8Array): Promise<boolean> {
  const Message = Buffer.from("masqueue|local");
  const { Mac = [] } = await kms.generateMac({ KeyId, MacAlgorithm: "HMAC_SHA_256", Message });
  return Buffer.from(Mac).equals(await importMasterKey(material)(Message));
}

/** Imports encrypted material, as in AWS. LocalStack also takes material from a tag, but anyone may read a tag. */
async function importKey(kms: KMS, material: Uint8Array): Promise<string> {
  const { KeyMetadata } = await kms.createKey({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC", Origin: "EXTERNAL" });
  const KeyId = KeyMetadata?.Arn ?? "";
  const wrapping = { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" } as const;
  const { PublicKey = new Uint8Array(), ImportToken } = await kms.getParametersForImport({ KeyId, ...wrapping });
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: "der", type: "spki" });
  const EncryptedKeyMaterial = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" }, material);
  await kms.importKeyMaterial({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" });
  return KeyId;
}
