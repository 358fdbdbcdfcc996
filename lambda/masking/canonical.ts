import { isIPv4, isIPv6, SocketAddress } from "node:net";

/** What is put under the HMAC: a tag byte for the form, then the bytes by which equal values are equal. */
interface Canonical {
  readonly bytes: Buffer;
  /** True where the value did not have the form that its column names, and was masked as text instead. */
  readonly asText: boolean;
}

/** Turns a trimmed, non-empty value into its canonical bytes. */
export type CanonicalForm = (text: string) => Canonical;

const TAG = { address: 0x01, text: 0x02 } as const;
const MAPPED_PREFIX = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/** Text as it is: trimmed by the caller, compared byte for byte in UTF-8. */
export const text: CanonicalForm = (value) => ({ bytes: tagged(TAG.text, Buffer.from(value, "utf8")), asText: false });

/**
 * An IP address as its 16 bytes in network order, IPv4 as `::ffff:a.b.c.d`, without a zone. Read strictly: what
 * `net.isIP` refuses (`010.0.0.1`, `1.2.3`, `0x7f.1`) is masked as text, so it is neither lost nor taken for an address.
 */
export const address: CanonicalForm = (value) => {
  if (isIPv4(value)) return { bytes: tagged(TAG.address, Buffer.concat([MAPPED_PREFIX, ipv4Bytes(value)])), asText: false };
  if (isIPv6(value)) return { bytes: tagged(TAG.address, ipv6Bytes(value)), asText: false };
  return { ...text(value), asText: true };
};

function tagged(tag: number, bytes: Buffer): Buffer {
  const whole = Buffer.allocUnsafe(bytes.length + 1);
  whole[0] = tag;
  bytes.copy(whole, 1);
  return whole;
}

function ipv4Bytes(value: string): Buffer {
  return Buffer.from(value.split(".").map(Number));
}

function ipv6Bytes(value: string): Buffer {
  const [withoutZone = ""] = value.split("%");
  // SocketAddress reads every legal spelling; what it gives back has at most one "::" and a dotted tail only after "::" or "::ffff:".
  const normal = new SocketAddress({ address: withoutZone, family: "ipv6" }).address;
  const dotted = /(?<=:)\d+\.\d+\.\d+\.\d+$/.exec(normal)?.[0];
  const tail = dotted
    ? ipv4Bytes(dotted)
        .toString("hex")
        .replace(/(....)(....)/, "$1:$2")
    : "";
  const [head = "", rest] = (dotted ? normal.slice(0, -dotted.length) + tail : normal).split("::");
  const left = groups(head);
  const right = groups(rest ?? "");
  const zeros = new Array<string>(8 - left.length - right.length).fill("0");
  return Buffer.from([...left, ...zeros, ...right].map((group) => group.padStart(4, "0")).join(""), "hex");
}

function groups(part: string): string[] {
  return part === "" ? [] : part.split(":");
}
