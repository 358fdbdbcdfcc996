import { createHmac, hash, type KeyObject } from "node:crypto";

/** Of SHA-256, in bytes. */
const BLOCK = 64;
const DIGEST = 32;

/** Longest message for which memory is kept ready; fields are shorter. */
const USUAL = 192;

/**
 * HMAC-SHA-256 under one key, in lower-case hex: two one-shot hashes as RFC 2104 defines it, in memory that is used again.
 * `createHmac` makes an object for each value, which costs more than the hashing (docs/decisions.md).
 */
export function hmacSha256(key: KeyObject): (message: Uint8Array) => string {
  const secret = key.export();
  const block = Buffer.alloc(BLOCK);
  block.set(secret.length > BLOCK ? hash("sha256", secret, "buffer") : secret);
  const inner = Buffer.concat([block.map((byte) => byte ^ 0x36), Buffer.alloc(USUAL)]);
  const outer = Buffer.concat([block.map((byte) => byte ^ 0x5c), Buffer.alloc(DIGEST)]);
  return (message) => {
    if (message.length > USUAL) return createHmac("sha256", key).update(message).digest("hex");
    inner.set(message, BLOCK);
    outer.write(hash("sha256", inner.subarray(0, BLOCK + message.length), "binary"), BLOCK, "binary");
    return hash("sha256", outer, "hex");
  };
}
