/**
 * The canonical bytes of a value, the input of the HMAC: a tag byte for the form, then bytes that are equal for equal values. A form
 * writes straight into the HMAC's memory, because a buffer for each value costs as much as a hash.
 */
export interface CanonicalForm {
  /** The tag of values that have the form; other values are written as text, with the tag of text. */
  readonly tag: number;
  /**
   * @param value trimmed, not empty
   * @param into has room for {@link maxBytes} of the value
   * @returns the end of the bytes
   */
  write(value: string, into: Buffer, at: number): number;
}

/** A tag, the length of a prefix, and an IP address. */
const NETWORK_BYTES = 18;

/** UTF-8 takes three bytes for a UTF-16 unit. A case-folded unit can be three characters. */
const BYTES_PER_UNIT = 9;

/** The maximum number of bytes that any form of a value has. */
export function maxBytes(value: string): number {
  return Math.max(NETWORK_BYTES, 1 + BYTES_PER_UNIT * value.length);
}

/** Text as its UTF-8 bytes. The caller trims it. */
export const text: CanonicalForm = {
  tag: 0x02,
  write(value, into, at) {
    into[at] = this.tag;
    return at + 1 + into.write(value, at + 1);
  },
};
