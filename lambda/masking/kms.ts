import type { KMSClient } from "@aws-sdk/client-kms";
import { IngestError } from "../errors.ts";
import type { MasterKey } from "./keys.ts";

/** In milliseconds. A KMS that does not answer must be told before the function's time is up. */
const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true };

/** The part of the KMS client that is used; tests pass in one of their own. */
export type MacGenerator = Pick<KMSClient, "send">;

/**
 * A master key that never leaves KMS: one `GenerateMac` for each identifier, at the first use in a container.
 * @param keyId id, ARN or alias of an HMAC_256 key
 * @param client made at the first call where none is given
 */
export function masterKeyInKms(keyId: string, client?: MacGenerator): MasterKey {
  let made = client;
  return async (message) => {
    const { GenerateMacCommand, KMSClient } = await import("@aws-sdk/client-kms");
    made ??= new KMSClient({ maxAttempts: 3, requestHandler: TIMEOUTS });
    const command = new GenerateMacCommand({ KeyId: keyId, MacAlgorithm: "HMAC_SHA_256", Message: message });
    const reply = await made.send(command).catch((error: unknown) => {
      const name = error instanceof Error ? error.name : "unknown";
      throw new IngestError(
        "mask_key_unavailable",
        `KMS did not derive a masking key: ${name}. Check the key's state, its policy and the way to the KMS endpoint.`,
      );
    });
    if (!reply.Mac) throw new IngestError("mask_key_unavailable", "KMS answered without a MAC.");
    return reply.Mac;
  };
}
