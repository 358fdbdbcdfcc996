import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { caseless, digits, uuid } from "../../lambda/masking/text-forms.ts";
import { canonical } from "../support/canonical.ts";

const asText = (value: string) => ({ bytes: Buffer.concat([Buffer.of(0x02), Buffer.from(value)]), asText: true });
const toHex = (value: string) => canonical(caseless, value).bytes.toString("hex");

/** Spellings that differ only in case or in Unicode's normalisation form: a line is one thing. */
const SPELLINGS = [
  ["a", "A"],
  ["i", "I"],
  ["ı"],
  ["İ", "i\u0307", "I\u0307"],
  ["k", "K", "\u212a"],
  ["ß", "ẞ", "ss", "SS", "ſs"],
  ["σ", "ς", "Σ"],
  ["é", "É", "e\u0301", "E\u0301"],
  ["å", "Å", "\u212b", "a\u030a"],
  ["ﬃ", "ffi", "FFI"],
  ["ŉ", "ʼn", "ʼN"],
  ["ᾳ", "ᾼ", "αι", "ΑΙ"],
  ["Ꭰ", "ꭰ"],
  ["ж", "Ж"],
  ["𐐨", "𐐀"],
  ["@"],
  ["\u0958", "\u0915\u093c"],
] as const;

describe("a caseless text", () => {
  // Computed with Python: unicodedata.normalize("NFC", unicodedata.normalize("NFD", value).casefold()).encode().hex()
  test.each([
    ["Ann@Example.COM", "616e6e406578616d706c652e636f6d"],
    ["ΟΔΟΣ", "cebfceb4cebfcf83"],
    ["Straße", "73747261737365"],
    ["İ", "69cc87"],
    ["ı", "c4b1"],
    ["ﬃ", "666669"],
    ["É", "c3a9"],
    ["ꭰ", "e18ea0"],
    ["\u1fb3\u0301", "ceacceb9"],
    ["\u0958", "e0a495e0a4bc"],
  ])("%s is its tag and the bytes that Python's casefold and NFC give", (value, bytes) => {
    expect(toHex(value)).toBe(`04${bytes}`);
  });

  test("has equal bytes exactly if it differs only in case and in normalisation form", () => {
    const thing = fc.integer({ min: 0, max: SPELLINGS.length - 1 });
    const spell = (things: number[], choices: number[]) =>
      things.map((index, i) => SPELLINGS[index]?.[(choices[i] ?? 0) % (SPELLINGS[index]?.length ?? 1)]).join("");
    const list = fc.array(thing, { minLength: 1, maxLength: 6 });
    const choices = fc.array(fc.nat(4), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(list, list, choices, choices, (a, b, one, other) => {
        expect(toHex(spell(a, one))).toBe(toHex(spell(a, other)));
        expect(toHex(spell(a, one)) === toHex(spell(b, other))).toBe(String(a) === String(b));
      }),
      { numRuns: 2_000 },
    );
  });

  test("has the same bytes in every normalisation form of equivalent texts, and when it is folded again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const folded = Buffer.from(toHex(value).slice(2), "hex").toString();
        expect([value.normalize("NFC"), value.normalize("NFD"), folded].map(toHex)).toEqual(Array(3).fill(toHex(value)));
      }),
      { numRuns: 1_000 },
    );
  });

  test("is never counted as masked as text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => expect(canonical(caseless, value).asText).toBe(false)));
  });
});

describe("a UUID", () => {
  const BYTES = "05a0eebc999c0b4ef8bb6d6bb9bd380a11";

  test.each([
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
    "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
    "a0eebc999c0b4ef8bb6d6bb9bd380a11",
    "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}",
    "a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11",
    "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
    "urn:uuid:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "URN:UUID:A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
  ])("is its tag and its sixteen bytes, however it is written: %s", (value) => {
    expect(canonical(uuid, value).bytes.toString("hex")).toBe(BYTES);
  });

  test.each([
    "unknown",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
    "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-",
    "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11",
    "a-0eebc999c0b4ef8bb6d6bb9bd380a11",
    "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
    "uuid:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "a0eebc99 9c0b 4ef8 bb6d 6bb9bd380a11",
  ])("is masked as text if it is none: %s", (value) => {
    expect(canonical(uuid, value)).toEqual(asText(value));
  });

  test("has equal bytes exactly if it is the same UUID", () => {
    const spelling = fc.constantFrom(
      (value: string) => value,
      (value: string) => value.toUpperCase(),
      (value: string) => value.replaceAll("-", ""),
      (value: string) => `{${value}}`,
      (value: string) => `urn:uuid:${value}`,
    );
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), spelling, spelling, (a, b, one, other) => {
        const expected = Buffer.from(`05${a.replaceAll("-", "")}`, "hex");
        expect([one(a), other(a)].map((value) => canonical(uuid, value).bytes)).toEqual([expected, expected]);
        expect(canonical(uuid, other(b)).bytes.equals(expected)).toBe(a === b);
      }),
    );
  });
});

describe("a number of digits", () => {
  test.each([
    ["+49 (30) 1234-5678", "493012345678"],
    ["49.30.1234.5678", "493012345678"],
    ["49/3012345678", "493012345678"],
    ["4930\u00a01234\u20095678", "493012345678"],
    ["4111 1111 1111 1111", "4111111111111111"],
    ["007", "007"],
    ["0", "0"],
  ])("%s is its tag and its digits %s", (value, bare) => {
    expect(canonical(digits, value)).toEqual({ bytes: Buffer.concat([Buffer.of(0x06), Buffer.from(bare)]), asText: false });
  });

  test.each(["+", "()", "- -", "555-0100 ext. 7", "555-0100x7", "555_0100", "unknown", "٤٩", "１２", "#31#", "12,5", "1\u20112"])(
    "is masked as text if it has other characters, or no digit: %s",
    (value) => {
      expect(canonical(digits, value)).toEqual(asText(value));
    },
  );

  test("has equal bytes exactly if its digits are equal", () => {
    const list = fc.stringMatching(/^[0-9]{1,6}$/);
    const marks = fc.array(fc.constantFrom("", "", " ", "-", ".", "/", "(", ")", "+", "\t"), { minLength: 6, maxLength: 6 });
    const punctuate = (number: string, between: string[]) => [...number].map((digit, i) => `${between[i]}${digit}`).join("");
    fc.assert(
      fc.property(list, list, marks, marks, (a, b, one, other) => {
        const [left, right] = [canonical(digits, punctuate(a, one)), canonical(digits, punctuate(b, other))];
        expect(left.bytes.equals(right.bytes)).toBe(a === b);
      }),
    );
  });
});
