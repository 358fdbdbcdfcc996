import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { deriveKeys, importMasterKey } from "../../lambda/masking/keys.ts";
import { createHmacTokenizer, type MaskSpec, sha256Tokenizer } from "../../lambda/masking/tokens.ts";
import { caseless, digits, exact, ip, network, uuidMask } from "../../lambda/pipelines/masks.ts";

const deviceId = exact("device_id");
const userId = exact("user_id");
const subnet = network({ v4: 24, v6: 48 });
const IDENTIFIERS = ["ip", "device_id", "user_id", "network", "email", "device_uuid", "phone"];

async function tokenizerFor(domain = "main", fill = 7) {
  const tokenize = createHmacTokenizer(await deriveKeys(importMasterKey(Buffer.alloc(32, fill)), IDENTIFIERS, domain));
  return (spec: MaskSpec, value: string) => tokenize(spec, value)?.token ?? null;
}

const toToken = await tokenizerFor();

/** Addresses and texts: the values of one line are spellings of one thing, and different lines are different things. */
const THINGS = [
  ["1.2.3.4", " 1.2.3.4\t", "::ffff:1.2.3.4", "::FFFF:1.2.3.4", "::ffff:102:304"],
  ["::1.2.3.4", "::102:304"],
  ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "2001:db8::0.0.0.1", "2001:db8::1%eth0", "\n2001:db8:0::1"],
  ["::", "0:0:0:0:0:0:0:0"],
  ["0.0.0.0", "::ffff:0:0"],
  ["010.0.0.1", " 010.0.0.1 "],
  ["10.0.0.1", "::ffff:a00:1"],
  ["127.0.0.1"],
  ["0x7f.1"],
  ["1.2.3"],
  ["localhost"],
  ["LOCALHOST"],
  ["2130706433"],
] as const;
const spellings = THINGS.flatMap((values, thing) => values.map((value) => ({ thing, value })));
const spelled = fc.constantFrom(...spellings);

describe("a token", () => {
  // Computed with Python's hmac, from the design's description: key of the identifier, tag byte, canonical bytes.
  test.each([
    ["1.2.3.4", ip, "v1.b122f09ca4f55536e00d8e023e1d9adb"],
    ["::FFFF:1.2.3.4", ip, "v1.b122f09ca4f55536e00d8e023e1d9adb"],
    ["2001:0DB8:0:0:0:0:0:1", ip, "v1.dd52d0a99515ff01ce0df7096cec9ad7"],
    ["localhost", ip, "v1.09a28fc786162be17728e04ea541ab96"],
    ["593-47-5928", deviceId, "v1.1c5ece6b9bcc5c1cd3e515a33fe50611"],
    [" 593-47-5928\r\n", deviceId, "v1.1c5ece6b9bcc5c1cd3e515a33fe50611"],
    ["192.0.2.77", subnet, "v1.de3ab056db66a452313cf664cfdc86c9"],
    ["::ffff:192.0.2.0", subnet, "v1.de3ab056db66a452313cf664cfdc86c9"],
    ["2001:db8:1:2::3", subnet, "v1.d4f5bdac9b200ce40f16b6556e7507ec"],
    ["localhost", subnet, "v1.643052954321f994fde5ec378151cd07"],
    ["Ann.Strauß@Example.com", caseless("email"), "v1.50ba3ffd8fa507c2b09f9685c0cec878"],
    ["ANN.STRAUSS@EXAMPLE.COM", caseless("email"), "v1.50ba3ffd8fa507c2b09f9685c0cec878"],
    ["{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", uuidMask("device_uuid"), "v1.4cf56a2383f968eb3da87e5110bdeace"],
    ["none", uuidMask("device_uuid"), "v1.62e8309c7d4b621e3397e91467663311"],
    ["+49 (30) 1234-5678", digits("phone"), "v1.5e6cd9b447e86cce2e47ebdb2ef873b8"],
  ])("of %j agrees with another implementation", (value, spec, token) => {
    expect(toToken(spec, value)).toBe(token);
  });

  test("is v1. and 32 lower-case hex digits for any value", () => {
    const value = fc.string({ unit: "binary", minLength: 1 }).filter((text) => text.trim() !== "");
    fc.assert(fc.property(value, fc.constantFrom(ip, deviceId), (text, spec) => expect(toToken(spec, text)).toMatch(/^v1\.[0-9a-f]{32}$/)));
  });

  test.each(["", " ", "\t\r\n ", "\u00a0\u2003"])("is not made of %j, which identifies no person", (blank) => {
    expect(toToken(ip, blank)).toBeNull();
    expect(toToken(deviceId, blank)).toBeNull();
  });

  test("is marked if an ip was not an address and was masked as text", async () => {
    const tokenize = createHmacTokenizer(await deriveKeys(importMasterKey(Buffer.alloc(32, 7)), ["ip", "device_id"], "main"));
    const asText = ["1.2.3.4", "::1", "010.0.0.1", "localhost"].map((value) => tokenize(ip, value)?.asText);
    expect(asText).toEqual([false, false, true, true]);
    expect(tokenize(deviceId, "593-47-5928")?.asText).toBe(false);
  });

  test("without a key for its identifier is a mistake in code, and its error does not quote the value", async () => {
    expect(() => toToken(exact("passport"), "C01X0006H")).toThrow(/^no key for identifier passport$/);
  });
});

describe("tokens of one identifier", () => {
  test("are equal for spellings of one thing, and for nothing else", () => {
    fc.assert(
      fc.property(spelled, spelled, (a, b) => expect(toToken(ip, a.value) === toToken(ip, b.value)).toBe(a.thing === b.thing)),
      { numRuns: 1_000 },
    );
  });

  test("are equal for texts that differ only in surrounding blanks", () => {
    const short = fc.string({ unit: fc.constantFrom("a", "A", "é", " ", "\t"), maxLength: 4 });
    fc.assert(
      fc.property(short, short, (a, b) => expect(toToken(deviceId, a) === toToken(deviceId, b)).toBe(a.trim() === b.trim())),
      { numRuns: 1_000 },
    );
  });
});

describe("tokens that must stay unjoinable", () => {
  const value = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ minLength: 1 })).filter((text) => text.trim() !== "");

  test("differ between identifiers, domains and master keys", async () => {
    const [fraud, other] = [await tokenizerFor("fraud"), await tokenizerFor("main", 8)];
    fc.assert(
      fc.property(value, value, (a, b) => {
        const tokens = [toToken(ip, a), toToken(deviceId, b), toToken(userId, b), fraud(ip, a), fraud(deviceId, b), other(ip, a)];
        expect(new Set(tokens).size).toBe(tokens.length);
      }),
    );
  });
});

describe("the SHA-256 compatibility mode", () => {
  // Computed with Python's hashlib.sha256(value.encode()).hexdigest().
  test.each([
    ["199.172.111.135", "a6d0e2f27f6111e10b06790db42f34123e724aa0fd24b280f4a0ef5ee986784c"],
    [" ü ", "fff94b4dcc3e9fcbb2f173108e228e4e5c3f11b6ca7e24a504593fc2d872b64c"],
  ])("gives the bare digest of %j as it was sent", (value, digest) => {
    expect(sha256Tokenizer(ip, value)).toEqual({ token: digest, asText: false });
    expect(sha256Tokenizer(deviceId, value)).toEqual({ token: digest, asText: false });
  });

  test.each(["", "  ", "\t\n"])("returns null for %j", (blank) => {
    expect(sha256Tokenizer(ip, blank)).toBeNull();
  });
});
