import { type CanonicalForm, maxBytes } from "../../lambda/masking/canonical.ts";

/** Returns the input of the HMAC for a value, written at some place in memory that held other bytes. */
export function canonical(form: CanonicalForm, value: string): { bytes: Buffer; asText: boolean } {
  const at = 3;
  const into = Buffer.alloc(at + maxBytes(value), 0xaa);
  const bytes = into.subarray(at, form.write(value, into, at));
  return { bytes, asText: bytes[0] !== form.tag };
}
