import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { address, createNetworkForm } from "../../lambda/masking/address.ts";
import { maxBytes, text } from "../../lambda/masking/canonical.ts";
import { caseless, digits, uuid } from "../../lambda/masking/text-forms.ts";
import { canonical } from "../support/canonical.ts";

const FORMS = { text, address, network: createNetworkForm(24, 48), caseless, uuid, digits };

/** Characters that grow most when they are folded or decomposed, surrogates without a partner, and usual ones. */
const unit = fc.constantFrom(
  "ΐ",
  "ᾂ",
  "ﬃ",
  "क़",
  "שּׁ",
  "ೋ",
  "각",
  "\u0345",
  "\u0323",
  "\u{1d160}",
  "\ud800",
  "\udc00",
  "\0",
  "A",
  "1",
  ":",
  "-",
);
const value = fc.oneof(
  fc.string({ unit, minLength: 1, maxLength: 200 }),
  fc.string({ unit: "binary", minLength: 1 }),
  fc.ipV6(),
  fc.ipV4(),
  fc.uuid(),
);

describe.each(Object.entries(FORMS))("the form %s", (_name, form) => {
  test("takes any text, and needs no more room than the maximum", () => {
    fc.assert(
      fc.property(value, (input) => {
        const room = Buffer.alloc(maxBytes(input) + 100, 0xaa);
        const end = form.write(input, room, 0);
        expect(end).toBeLessThanOrEqual(maxBytes(input));
        expect(room.subarray(maxBytes(input)).every((byte) => byte === 0xaa)).toBe(true);
        expect(canonical(form, input).bytes).toEqual(room.subarray(0, end));
      }),
      { numRuns: 500 },
    );
  });

  test("writes its own tag, or the tag and the bytes of text", () => {
    fc.assert(
      fc.property(value, (input) => {
        const { bytes } = canonical(form, input);
        if (bytes[0] !== form.tag) expect(bytes).toEqual(canonical(text, input).bytes);
      }),
    );
  });
});

test("no two forms have the same tag, so they never share a token", () => {
  expect(Object.values(FORMS).map(({ tag }) => tag)).toEqual([2, 1, 3, 4, 5, 6]);
});

test("every code point has room for its folded form, however long the text is", () => {
  const tooLong: number[] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (character.toLowerCase() === character.toUpperCase() && character.normalize("NFD") === character) continue;
    const decomposed = canonical(caseless, character).bytes.subarray(1).toString().normalize("NFD");
    if (Buffer.byteLength(decomposed) > maxBytes(character.repeat(10)) / 10) tooLong.push(code);
  }
  expect(tooLong).toEqual([]);
});
