import { AwsError, callAws } from "../aws/call.ts";
import type { Aws } from "../aws/environment.ts";
import * as errors from "../errors.ts";
import type { MasterKey } from "./keys.ts";

/** The length of an HMAC-SHA-256. */
const MAC_BYTES = 32;

/**
 * A master key that never leaves KMS: one `GenerateMac` for each identifier, at the first use in a container.
 * @param keyId id, ARN or alias of an HMAC_256 key
 */
export function openKmsKey(keyId: string, aws: Aws): MasterKey {
  return async (message) => {
    const input = { KeyId: keyId, MacAlgorithm: "HMAC_SHA_256", Message: Buffer.from(message).toString("base64") };
    const { Mac } = await callAws(aws, "kms", "GenerateMac", input).catch((error: unknown) => {
      throw error instanceof AwsError ? errors.maskKeyRefused(error.code) : error;
    });
    const bytes = Buffer.from(typeof Mac === "string" ? Mac : "", "base64");
    if (bytes.length !== MAC_BYTES) throw errors.maskKeyRefused("its response has no MAC");
    return bytes;
  };
}
