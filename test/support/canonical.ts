import { type CanonicalForm, maxBytes } from "../../lambda/masking/canonical.ts";

/** What is put under the HMAC for a value, in memory that held something else and at a place of its own. */
export function canonical(form: CanonicalForm, value: string): { bytes: Buffer; asText: boolean } {
  const at = 3;
  const into = Buffer.alloc(at + maxBytes(value), 0xaa);
  const bytes = into.subarray(at, form.write(value, into, at));
  return { bytes, asText: bytes[0] !== form.tag };
}
