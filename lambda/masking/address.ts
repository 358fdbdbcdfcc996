import { isIPv4, isIPv6 } from "node:net";
import { type CanonicalForm, text } from "./canonical.ts";

const IP_BYTES = 16;

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

/** `::ffff:0:0/96`, the prefix of IPv4 in IPv6. */
const MAPPED = Buffer.from("00000000000000000000ffff", "hex");

/**
 * The network of an IP address: the length of its prefix in the 16 bytes (one byte), then the 16 bytes with zeros after the prefix.
 * An IPv4 address keeps its first `v4` bits, after the 96 bits of `::ffff:0:0`; an IPv6 address keeps its first `v6` bits.
 */
export function createNetworkForm(v4: number, v6: number): CanonicalForm {
  return {
    tag: 0x03,
    write(value, into, at) {
      const end = address.write(value, into, at + 1);
      if (into[at + 1] !== address.tag) return text.write(value, into, at);
      const ip = at + 2;
      const prefix = into.subarray(ip, ip + MAPPED.length).equals(MAPPED) ? 8 * MAPPED.length + v4 : v6;
      into[at] = this.tag;
      into[at + 1] = prefix;
      const cut = ip + (prefix >> 3);
      if (cut < end) {
        into[cut] = into.readUInt8(cut) & (0xff00 >> (prefix & 7));
        into.fill(0, cut + 1, end);
      }
      return end;
    },
  };
}

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
