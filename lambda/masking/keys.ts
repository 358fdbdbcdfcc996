import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import * as errors from "../errors.ts";

/** HMAC-SHA-256 of a message under the master key, which is in KMS or in a local file. */
export type MasterKey = (message: Uint8Array) => Promise<Uint8Array>;

/** The derived key of each identifier (`ip`, `device_id`). They are in the function's memory; the master key can stay in KMS. */
export type MaskKeys = ReadonlyMap<string, KeyObject>;

/** Hex digits of a token and of a check value: HMACs truncated to 128 bits (docs/masking.md). */
export const TOKEN_DIGITS = 32;

/** The length of a SHA-256 hash, the minimum that RFC 2104 recommends. */
const MIN_BYTES = 32;

/**
 * Makes a master key from its bytes.
 * @param secret its bytes
 * @throws IngestError `configuration` if there are fewer than 32
 */
export function importMasterKey(secret: Uint8Array): MasterKey {
  if (secret.length < MIN_BYTES) throw errors.maskKeyTooShort(secret.length, MIN_BYTES);
  const key = createSecretKey(secret);
  return async (message) => createHmac("sha256", key).update(message).digest();
}

/**
 * Derives one key for each identifier: HMAC over `masqueue|v1|<domain>|<identifier>`.
 * @param domain purposes that must stay unjoinable have different domains
 * @throws IngestError `mask_key_unavailable`; nothing is remembered, so the next invocation tries again
 */
export async function deriveKeys(master: MasterKey, identifiers: Iterable<string>, domain: string): Promise<MaskKeys> {
  const derive = async (identifier: string) => {
    const bytes = await master(Buffer.from(`masqueue|v1|${domain}|${identifier}`));
    // A KeyObject: createHmac with bare bytes is several times slower on Node 24.
    return [identifier, createSecretKey(bytes)] as const;
  };
  return new Map(await Promise.all([...new Set(identifiers)].map(derive)));
}

/** Asks a master key once for each message, however many pipelines share an identifier. Keep it for one preparation: it keeps failures. */
export function rememberMacs(master: MasterKey): MasterKey {
  const macs = new Map<string, Promise<Uint8Array>>();
  return (message) => {
    const name = Buffer.from(message).toString("hex");
    const mac = macs.get(name) ?? master(message);
    macs.set(name, mac);
    return mac;
  };
}

/** A value that only the holder of the key can make. The database keeps it, so that a different key or longer tokens are noticed. */
export function computeCheckValue(key: KeyObject): string {
  return createHmac("sha256", key).update("check").digest("hex").slice(0, TOKEN_DIGITS);
}
