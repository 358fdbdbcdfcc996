import { Hash } from "@smithy/core/serde";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Identity } from "./environment.ts";

/** Creates a signer of requests to one service, by AWS's Signature Version 4. */
export function createSigner(service: string, { region, credentials }: Identity): SignatureV4 {
  return new SignatureV4({ service, region, credentials, sha256: Hash.bind(null, "sha256") });
}
