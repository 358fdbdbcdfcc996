import { isIPv4, isIPv6 } from "node:net";

/** What is put under the HMAC: a tag byte for the form, then the bytes by which equal values are equal. */
interface Canonical {
  readonly bytes: Buffer;
  /** True where the value did not have the form that its column names, and was masked as text instead. */
  readonly asText: boolean;
}

/** Turns a trimmed, non-empty value into its canonical bytes. */
export type CanonicalForm = (text: string) => Canonical;

const TAG = { address: 0x01, text: 0x02 } as const;

/** Text as it is: trimmed by the caller, compared byte for byte in UTF-8. */
export const text: CanonicalForm = (value) => {
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(value));
  bytes[0] = TAG.text;
  bytes.write(value, 1);
  return { bytes, asText: false };
};

/**
 * An IP address as its 16 bytes in network order, IPv4 as `::ffff:a.b.c.d`, without a zone. Read strictly: what
 * `net.isIP` refuses (`010.0.0.1`, `1.2.3`, `0x7f.1`) is masked as text, so it is neither lost nor taken for an address.
 */
export const address: CanonicalForm = (value) => {
  const isV4 = isIPv4(value);
  if (!isV4 && !isIPv6(value)) return { ...text(value), asText: true };
  const bytes = Buffer.allocUnsafe(17).fill(0);
  bytes[0] = TAG.address;
  const ip = bytes.subarray(1);
  if (isV4) writeMapped(value, ip);
  else writeIPv6(value, ip);
  return { bytes, asText: false };
};

function writeMapped(value: string, ip: Buffer): void {
  ip[10] = ip[11] = 0xff;
  writeIPv4(value, ip, 12);
}

/** @param value what `isIPv4` accepts */
function writeIPv4(value: string, ip: Buffer, at: number): void {
  let byte = 0;
  for (let i = 0; i < value.length; i++) {
    const character = value.charCodeAt(i);
    if (character === DOT) {
      ip[at++] = byte;
      byte = 0;
    } else {
      byte = byte * 10 + digit(character);
    }
  }
  ip[at] = byte;
}

/** @param value what `isIPv6` accepts */
function writeIPv6(value: string, ip: Buffer): void {
  const zone = value.indexOf("%");
  const groups = zone < 0 ? value : value.slice(0, zone);
  const end = groups.includes(".") ? groups.lastIndexOf(":") + 1 : groups.length;
  /** Where the next group goes, and where `::` stands. */
  let at = 0;
  let gap = -1;
  let group = 0;
  let isGroup = false;
  for (let i = 0; i < end; i++) {
    const character = groups.charCodeAt(i);
    if (character !== COLON) {
      group = group * 16 + digit(character);
      isGroup = true;
    } else if (isGroup) {
      at = ip.writeUInt16BE(group, at);
      group = 0;
      isGroup = false;
    } else {
      gap = at;
    }
  }
  if (isGroup) at = ip.writeUInt16BE(group, at);
  if (end < groups.length) {
    writeIPv4(groups.slice(end), ip, at);
    at += 4;
  }
  if (gap >= 0) {
    ip.copyWithin(ip.length - (at - gap), gap, at);
    ip.fill(0, gap, ip.length - (at - gap));
  }
}

const DOT = 0x2e;
const COLON = 0x3a;

/** The value of a decimal or hexadecimal digit, by its ASCII code. */
function digit(code: number): number {
  return (code & 0x0f) + (code > 0x39 ? 9 : 0);
}
