import { createHmac, createSecretKey } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { HmacSha256 } from "../../lambda/masking/hmac.ts";

/** Returns a function that computes the HMACs of messages under one key, one after the other. */
function createHasher(key: Uint8Array) {
  const hmac = new HmacSha256(createSecretKey(key));
  return (message: Uint8Array) => {
    const room = hmac.room(message.length);
    room.set(message, HmacSha256.START);
    return hmac.hex(room, HmacSha256.START + message.length);
  };
}

const bytes = (maxLength: number) => fc.uint8Array({ minLength: 1, maxLength });
/** Messages shorter and longer than a block, and than the memory that is kept for messages. */
const message = fc.oneof(bytes(80), fc.uint8Array({ minLength: 240, maxLength: 600 }), fc.constant(new Uint8Array()));

describe("HMAC-SHA-256", () => {
  // RFC 4231, section 4: usual keys, and one longer than a block.
  test.each([
    [Buffer.alloc(20, 0x0b), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
    [Buffer.from("Jefe"), "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
    [
      Buffer.alloc(131, 0xaa),
      "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ])("agrees with the examples of the standard", (key, text, mac) => {
    expect(createHasher(key)(Buffer.from(text))).toBe(mac);
  });

  test.each([63, 64, 65])("treats a key of %i bytes as createHmac does, around the length of a block", (length) => {
    const [key, text] = [Buffer.alloc(length, 0x5a), Buffer.from("text")];
    expect(createHasher(key)(text)).toBe(createHmac("sha256", createSecretKey(key)).update(text).digest("hex"));
  });

  test("agrees with createHmac for any key and any sequence of messages", () => {
    fc.assert(
      fc.property(bytes(140), fc.array(message, { minLength: 1, maxLength: 5 }), (secret, messages) => {
        const expected = messages.map((text) => createHmac("sha256", createSecretKey(secret)).update(text).digest("hex"));
        expect(messages.map(createHasher(secret))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});
