import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { IngestError } from "../../lambda/errors.ts";
import { computeCheckValue, deriveKeys, importMasterKey } from "../../lambda/masking/keys.ts";

const SECRET = Buffer.alloc(32, 7);

const repeat = (byte: number, times: number) => Buffer.alloc(times, byte);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const exported = (key: KeyObject | undefined) => key?.export().toString("hex");

/** https://www.rfc-editor.org/rfc/rfc4231#section-4, only HMAC-SHA-256; case 5 is published with its first 128 bits only. */
const VECTORS: [number, Buffer, Buffer, string][] = [
  [1, repeat(0x0b, 20), Buffer.from("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  [2, Buffer.from("Jefe"), Buffer.from("what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
  [3, repeat(0xaa, 20), repeat(0xdd, 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
  [
    4,
    Buffer.from(Array.from({ length: 25 }, (_, i) => i + 1)),
    repeat(0xcd, 50),
    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
  ],
  [5, repeat(0x0c, 20), Buffer.from("Test With Truncation"), "a3b6167473100ee06e0c796c2955552b"],
  [
    6,
    repeat(0xaa, 131),
    Buffer.from("Test Using Larger Than Block-Size Key - Hash Key First"),
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
  [
    7,
    repeat(0xaa, 131),
    Buffer.from(
      "This is a test using a larger than block-size key and a larger than block-size data. " +
        "The key needs to be hashed before being used by the HMAC algorithm.",
    ),
    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  ],
];
const long = VECTORS.filter(([, key]) => key.length >= 32);
const short = VECTORS.filter(([, key]) => key.length < 32);

describe("the master key of a secret", () => {
  test.each(long)("gives the HMAC of case %i of RFC 4231", async (_case, key, data, mac) => {
    expect(hex(await importMasterKey(key)(data))).toBe(mac);
  });

  // Our function refuses keys under 32 bytes, so these cases go to createHmac with a KeyObject, which it uses. HMAC pads a short key with
  // zeros to its block of 64 bytes (RFC 2104), so the same key with some of these zeros goes through our function, too.
  test.each(short)("gives the HMAC of case %i of RFC 4231, whose short key is padded", async (_case, key, data, mac) => {
    const filled = Buffer.concat([key, Buffer.alloc(32 - key.length)]);
    expect(createHmac("sha256", createSecretKey(key)).update(data).digest("hex").slice(0, mac.length)).toBe(mac);
    expect(hex(await importMasterKey(filled)(data)).slice(0, mac.length)).toBe(mac);
  });

  test.each([0, 1, 16, 31])("is refused at %i bytes, with an error that does not quote it", (length) => {
    const secret = Buffer.alloc(length, "s");
    expect(() => importMasterKey(secret)).toThrow(
      expect.objectContaining({ code: "configuration", message: `The masking key has ${length} bytes; it needs at least 32.` }),
    );
    expect(() => importMasterKey(secret)).toThrow(IngestError);
  });
});

describe("the key of an identifier", () => {
  test("is the HMAC of masqueue|v1|<domain>|<identifier>", async () => {
    const keys = await deriveKeys(importMasterKey(SECRET), ["ip", "device_id"], "main");
    const byHand = (message: string) => createHmac("sha256", SECRET).update(message).digest("hex");
    expect([...keys.keys()]).toEqual(["ip", "device_id"]);
    expect(exported(keys.get("ip"))).toBe(byHand("masqueue|v1|main|ip"));
    expect(exported(keys.get("device_id"))).toBe(byHand("masqueue|v1|main|device_id"));
  });

  test("differs for each identifier, domain and master key", async () => {
    const [ours, theirs] = [importMasterKey(SECRET), importMasterKey(Buffer.alloc(32, 8))];
    const derived = await Promise.all([
      deriveKeys(ours, ["ip", "device_id"], "main"),
      deriveKeys(ours, ["ip", "device_id"], "fraud"),
      deriveKeys(theirs, ["ip", "device_id"], "main"),
    ]);
    expect(new Set(derived.flatMap((keys) => [...keys.values()].map(exported))).size).toBe(6);
  });

  test("is derived from the master key once, even if several columns hold the identifier", async () => {
    const asked: string[] = [];
    const master = async (message: Uint8Array) => {
      asked.push(Buffer.from(message).toString());
      return Buffer.alloc(32, asked.length);
    };
    await deriveKeys(master, ["ip", "device_id", "ip", "ip"], "main");
    expect(asked).toEqual(["masqueue|v1|main|ip", "masqueue|v1|main|device_id"]);
  });

  test("has a check value that is the first 128 bits of the HMAC of the word check", async () => {
    const keys = await deriveKeys(importMasterKey(SECRET), ["ip"], "main");
    // Computed with Python's hmac.
    expect(computeCheckValue(keys.get("ip") as KeyObject)).toBe("faafcb2c2a08844fff665c130e1b1281");
  });
});
