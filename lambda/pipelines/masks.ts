import { address, text as textForm } from "../masking/canonical.ts";
import type { MaskSpec } from "../masking/tokens.ts";

/** Masked as an IP address: all spellings of an address are equal. */
export const ip: MaskSpec = { identifier: "ip", form: address };

/** Masked as text: equal only if all characters are equal. */
export function exact(identifier: string): MaskSpec {
  return { identifier, form: textForm };
}
