import { isIPv4, isIPv6 } from "node:net";

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

/** The maximum number of bytes that any form of a value has. */
export function maxBytes(value: string): number {
  return 1 + Math.max(IP_BYTES, 3 * value.length);
}

const IP_BYTES = 16;

/** Text as its UTF-8 bytes. The caller trims it. */
export const text: CanonicalForm = {
  tag: 0x02,
  write(value, into, at) {
    into[at] = this.tag;
    return at + 1 + into.write(value, at + 1);
  },
};

/**
 * An IP address as its 16 bytes in network order, IPv4 as `::ffff:a.b.c.d`, without a zone. Read strictly: a
 * value that `net.isIP` refuses (`010.0.0.1`, `1.2.3`, `0x7f.1`) is masked as text, so it is neither lost nor taken for an address.
 */
export const address: CanonicalForm = {
  tag: 0x01,
  write(value, into, at) {
    const isV4 = isIPv4(value);
    if (!isV4 && !isIPv6(value)) return text.write(value, into, at);
    into[at] = this.tag;
    const ip = at + 1;
    into.fill(0, ip, ip + IP_BYTES);
    if (isV4) {
      into[ip + 10] = into[ip + 11] = 0xff;
      writeIPv4(value, into, ip + 12);
    } else {
      writeIPv6(value, into, ip);
    }
    return ip + IP_BYTES;
  },
};

const [DOT, COLON, NINE] = [0x2e, 0x3a, 0x39];

/** @param value an address that `isIPv4` accepts */
function writeIPv4(value: string, into: Buffer, at: number): void {
  let byte = 0;
  for (let i = 0; i < value.length; i++) {
    const character = value.charCodeAt(i);
    if (character === DOT) {
      into[at++] = byte;
      byte = 0;
    } else {
      byte = byte * 10 + parseDigit(character);
    }
  }
  into[at] = byte;
}

/** @param value an address that `isIPv6` accepts @param start the position of its sixteen bytes, which are still zero */
function writeIPv6(value: string, into: Buffer, start: number): void {
  const zone = value.indexOf("%");
  const groups = zone < 0 ? value : value.slice(0, zone);
  const dotted = groups.includes(".") ? groups.lastIndexOf(":") + 1 : groups.length;
  let at = start;
  /** The position of `::` in the bytes; -1 if there is none. */
  let gap = -1;
  let group = 0;
  let isGroup = false;
  for (let i = 0; i < dotted; i++) {
    const character = groups.charCodeAt(i);
    if (character !== COLON) {
      group = group * 16 + parseDigit(character);
      isGroup = true;
    } else if (isGroup) {
      at = into.writeUInt16BE(group, at);
      group = 0;
      isGroup = false;
    } else {
      gap = at;
    }
  }
  if (isGroup) at = into.writeUInt16BE(group, at);
  if (dotted < groups.length) {
    writeIPv4(groups.slice(dotted), into, at);
    at += 4;
  }
  if (gap >= 0) {
    const moved = start + IP_BYTES - (at - gap);
    into.copyWithin(moved, gap, at);
    into.fill(0, gap, moved);
  }
}

/** The value of a decimal or hexadecimal digit, by its ASCII code. */
function parseDigit(code: number): number {
  return (code & 0x0f) + (code > NINE ? 9 : 0);
}
