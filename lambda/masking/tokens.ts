import { hash } from "node:crypto";
import { type CanonicalForm, mostBytes } from "./canonical.ts";
import { HmacSha256 } from "./hmac.ts";
import type { MaskKeys } from "./keys.ts";

/** How a column's values are masked: as what kind of thing, read how. */
export interface MaskSpec {
  /** The kind of thing masked; the same device masked in two tables gets the same token, an IP and a device id never do. */
  readonly identifier: string;
  readonly form: CanonicalForm;
}

interface Token {
  readonly token: string;
  /** True where the value did not have the form that its column names, and was masked as text instead. */
  readonly asText: boolean;
}

/** Masks one value; null where it identifies nobody (empty or blank). */
export type Tokenizer = (spec: MaskSpec, value: string) => Token | null;

/** Tokens of version 1: `v1.` + lower-case hex of HMAC-SHA-256 under the identifier's key. */
export function hmacTokenizer(keys: MaskKeys): Tokenizer {
  const hmacs = new Map([...keys].map(([identifier, key]) => [identifier, new HmacSha256(key)]));
  return ({ identifier, form }, value) => {
    const trimmed = value.trim();
    if (trimmed === "") return null;
    const hmac = hmacs.get(identifier);
    if (!hmac) throw new TypeError(`no key for identifier ${identifier}`);
    const room = hmac.room(mostBytes(trimmed));
    const end = form.write(trimmed, room, HmacSha256.START);
    return { token: `v1.${hmac.hex(room, end)}`, asText: room[HmacSha256.START] !== form.tag };
  };
}

/**
 * The take-home's mask, for rows that must match older ones: the bare SHA-256 of the text as sent. Anyone can reverse
 * it by trying all values (docs/masking.md), so a deployed function refuses it unless the pipeline accepts that.
 */
export const sha256Tokenizer: Tokenizer = (_spec, value) =>
  value.trim() === "" ? null : { token: hash("sha256", value, "hex"), asText: false };
