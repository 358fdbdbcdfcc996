import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { deriveKeys, importMasterKey } from "../../lambda/masking/keys.ts";
import { createHmacTokenizer, type MaskSpec, sha256Tokenizer } from "../../lambda/masking/tokens.ts";
import { exact, ip } from "../../lambda/pipelines/pipeline.ts";

const deviceId = exact("device_id");
const userId = exact("user_id");

async function tokenizerFor(domain = "main", fill = 7) {
  const tokenize = createHmacTokenizer(await deriveKeys(importMasterKey(Buffer.alloc(32, fill)), ["ip", "device_id", "user_id"], domain));
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
    ["1.2.3.4", ip, "v1.b122f09ca4f55536e00d8e023e1d9adb0b9745971c92ef69cd25380e9098ff82"],
    ["::FFFF:1.2.3.4", ip, "v1.b122f09ca4f55536e00d8e023e1d9adb0b9745971c92ef69cd25380e9098ff82"],
    ["2001:0DB8:0:0:0:0:0:1", ip, "v1.dd52d0a99515ff01ce0df7096cec9ad7f83c8878b8e3bce83c820dadf6b5d9cc"],
    ["localhost", ip, "v1.09a28fc786162be17728e04ea541ab963aac4114c28c5af8f901dc34b0f25924"],
    ["593-47-5928", deviceId, "v1.1c5ece6b9bcc5c1cd3e515a33fe506114a93f4d21e6d69d7f9e58b88c2cc7e05"],
    [" 593-47-5928\r\n", deviceId, "v1.1c5ece6b9bcc5c1cd3e515a33fe506114a93f4d21e6d69d7f9e58b88c2cc7e05"],
  ])("of %j agrees with another implementation", (value, spec, token) => {
    expect(toToken(spec, value)).toBe(token);
  });

  test("is v1. and 64 lower-case hex digits for any value", () => {
    const value = fc.string({ unit: "binary", minLength: 1 }).filter((text) => text.trim() !== "");
    fc.assert(fc.property(value, fc.constantFrom(ip, deviceId), (text, spec) => expect(toToken(spec, text)).toMatch(/^v1\.[0-9a-f]{64}$/)));
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
    expect(() => toToken(exact("phone"), "555-0100")).toThrow(/^no key for identifier phone$/);
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
