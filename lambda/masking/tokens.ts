import { hash } from "node:crypto";
import { isAbsent } from "./absent.ts";
import { type CanonicalForm, maxBytes } from "./canonical.ts";
import { HmacSha256 } from "./hmac.ts";
import { type MaskKeys, TOKEN_DIGITS } from "./keys.ts";

/** The masking of a column's values. */
export interface MaskSpec {
  /** The kind of thing. The same device gets the same token in two tables; an IP and a device id never share a token. */
  readonly identifier: string;
  readonly form: CanonicalForm;
  /** Values that stand for no person, for example "unknown". Values that are equal to one of them under the form are stored as NULL. */
  readonly absent?: readonly string[];
}

interface Token {
  readonly token: string;
  /** True if the value did not have the form of its column and was masked as text instead. */
  readonly asText: boolean;
}

/** Masks one value; null if it identifies no person, because it is blank or declared as absent. */
export type Tokenizer = (spec: MaskSpec, value: string) => Token | null;

/** Tokens of version 1: `v1.` + lower-case hex of HMAC-SHA-256 under the identifier's key, truncated to 128 bits. */
export function createHmacTokenizer(keys: MaskKeys): Tokenizer {
  const hmacs = new Map([...keys].map(([identifier, key]) => [identifier, new HmacSha256(key)]));
  return (spec, value) => {
    const { identifier, form } = spec;
    const trimmed = value.trim();
    if (isAbsent(spec, trimmed)) return null;
    const hmac = hmacs.get(identifier);
    if (!hmac) throw new TypeError(`no key for identifier ${identifier}`);
    const room = hmac.room(maxBytes(trimmed));
    const end = form.write(trimmed, room, HmacSha256.START);
    return { token: `v1.${hmac.hex(room, end).slice(0, TOKEN_DIGITS)}`, asText: room[HmacSha256.START] !== form.tag };
  };
}

/**
 * The mask of legacy tables, for rows that must match older ones: the bare SHA-256 of the text as it was sent. Anyone can reverse
 * it by trying all values (docs/masking.md), so a deployed function refuses it unless the pipeline accepts that.
 */
export const sha256Tokenizer: Tokenizer = (spec, value) =>
  isAbsent(spec, value.trim()) ? null : { token: hash("sha256", value, "hex"), asText: false };
