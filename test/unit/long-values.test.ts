import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createHmacTokenizer } from "../../lambda/masking/tokens.ts";
import { exact, ip } from "../../lambda/pipelines/pipeline.ts";

const deviceId = exact("device_id");
const keys = new Map(["ip", "device_id"].map((identifier, i) => [identifier, createSecretKey(Buffer.alloc(32, i))]));
const tokenize = createHmacTokenizer(keys);

/** The expected token, computed in new memory: the HMAC of the tag of text and the UTF-8 bytes. */
function expectedToken(identifier: string, text: string): string {
  const bytes = Buffer.concat([Buffer.of(0x02), Buffer.from(text, "utf8")]);
  const mac = createHmac("sha256", keys.get(identifier) as KeyObject)
    .update(bytes)
    .digest("hex");
  return `v1.${mac.slice(0, 32)}`;
}

/** Characters of one to four bytes in UTF-8; half a surrogate pair is written as three bytes. */
const WIDTHS = ["x", "é", "€", "🦊", "\ud800"];

describe("the token of a text", () => {
  test.each(WIDTHS)("covers all its bytes, for any number of %j", (character) => {
    for (let length = 1; length <= 300; length++) {
      const text = character.repeat(length);
      expect([length, tokenize(deviceId, text)?.token]).toEqual([length, expectedToken("device_id", text)]);
    }
  });

  test("changes with its last character, even if it is long", () => {
    const [one, other] = ["1", "2"].map((last) => tokenize(deviceId, `${"€".repeat(5_000)}${last}`)?.token);
    expect(one).not.toBe(other);
  });

  test("does not depend on the values that were masked before", () => {
    const text = fc
      .array(fc.constantFrom(...WIDTHS, "1", ":"), { minLength: 1, maxLength: 120 })
      .map((characters) => `text ${characters.join("")}`);
    const before = fc.array(fc.oneof(text, fc.ipV4(), fc.ipV6()), { maxLength: 4 });
    fc.assert(
      fc.property(before, text, fc.constantFrom(ip, deviceId), (values, last, spec) => {
        for (const value of values) tokenize(spec, value);
        expect(tokenize(spec, last)?.token).toBe(expectedToken(spec.identifier, last));
      }),
      { numRuns: 500 },
    );
  });
});
