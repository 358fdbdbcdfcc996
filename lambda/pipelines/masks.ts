import { address, createNetworkForm } from "../masking/address.ts";
import { text } from "../masking/canonical.ts";
import * as forms from "../masking/text-forms.ts";
import type { MaskSpec } from "../masking/tokens.ts";

/** Masked as an IP address: all spellings of an address are equal. */
export const ip: MaskSpec = { identifier: "ip", form: address };

/**
 * Masked as the network of an IP address, so that addresses of one network are equal.
 * @param prefixes the first bits that count, of IPv4 (1 to 32) and of IPv6 (1 to 128)
 * @throws TypeError if a prefix is missing or out of range
 */
export function network(prefixes: { readonly v4: number; readonly v6: number }): MaskSpec {
  const { v4, v6 } = prefixes;
  for (const [name, bits, max] of [
    ["v4", v4, 32],
    ["v6", v6, 128],
  ] as const) {
    if (!Number.isInteger(bits) || bits < 1 || bits > max) throw new TypeError(`network(): ${name} is ${bits}; allowed: 1 to ${max}`);
  }
  return { identifier: "network", form: createNetworkForm(v4, v6) };
}

/** Masked as text: equal only if all characters are equal. */
export function exact(identifier: string): MaskSpec {
  return { identifier, form: text };
}

/** Masked as text without regard to case, for e-mail. */
export function caseless(identifier: string): MaskSpec {
  return { identifier, form: forms.caseless };
}

/** Masked as a telephone or card number: punctuation does not count. */
export function digits(identifier: string): MaskSpec {
  return { identifier, form: forms.digits };
}

/** Masked as a UUID: all spellings of a UUID are equal. */
export function uuidMask(identifier: string): MaskSpec {
  return { identifier, form: forms.uuid };
}
