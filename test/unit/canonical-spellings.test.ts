import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { address as addressForm } from "../../lambda/masking/address.ts";
import { canonical } from "../support/canonical.ts";

const address = (value: string) => canonical(addressForm, value);

/** Sixteen bytes. Many are zero, so that `::` is possible, and some begin with a prefix that allows a dotted tail. */
const byte = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 0, max: 255 }) });
const bytes = fc.oneof(
  fc.array(byte, { minLength: 16, maxLength: 16 }),
  fc.array(byte, { minLength: 4, maxLength: 4 }).map((tail) => [...Array<number>(12).fill(0), ...tail]),
  fc.array(byte, { minLength: 4, maxLength: 4 }).map((tail) => [...Array<number>(10).fill(0), 255, 255, ...tail]),
);

const hex = (number: number) => number.toString(16);
const toGroups = (all: number[]) => Array.from({ length: 8 }, (_, i) => (all[2 * i] ?? 0) * 256 + (all[2 * i + 1] ?? 0));

const full = (all: number[]) => toGroups(all).map((group) => hex(group).padStart(4, "0"));
const short = (all: number[]) => toGroups(all).map(hex);
const dotted = (all: number[]) => [...short(all).slice(0, 6), all.slice(12).join(".")];

/** Every spelling with `::` in place of a run of zero groups; a run of one group is legal, too. */
function compressions(groups: string[]): string[] {
  const found: string[] = [];
  for (let from = 0; from < groups.length; from++) {
    for (let to = from; to < groups.length && /^0+$/.test(groups[to] ?? ""); to++) {
      found.push(`${groups.slice(0, from).join(":")}::${groups.slice(to + 1).join(":")}`);
    }
  }
  return found;
}

/** The legal spellings of one address. */
function spellings(all: number[]): string[] {
  const lists = [full(all), short(all), dotted(all)];
  const lower = lists.flatMap((groups) => [groups.join(":"), ...compressions(groups)]);
  const isMapped = all.slice(0, 10).every((value) => value === 0) && all[10] === 255 && all[11] === 255;
  return [...lower, ...lower.map((spelling) => spelling.toUpperCase()), ...(isMapped ? [all.slice(12).join(".")] : [])];
}

describe("the spelling of an address", () => {
  test("does not matter: the canonical bytes are always the tag and the sixteen bytes of the address", () => {
    fc.assert(
      fc.property(bytes, (all) => {
        const expected = Buffer.from([1, ...all]);
        const misread = spellings(all).filter((spelling) => !address(spelling).bytes.equals(expected) || address(spelling).asText);
        expect(misread).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("varies in this test, so that the property covers every form", () => {
    const loopback = spellings([...Array<number>(15).fill(0), 1]);
    expect(loopback).toEqual(expect.arrayContaining(["::1", "0:0:0:0:0:0:0:1", "::0001", "::0.0.0.1", "0::1", "0:0:0:0:0::0.0.0.1"]));
    expect(spellings([...Array<number>(10).fill(0), 255, 255, 1, 2, 3, 4])).toEqual(
      expect.arrayContaining(["1.2.3.4", "::ffff:1.2.3.4", "::FFFF:102:304"]),
    );
  });

  test("may include a zone, which does not count", () => {
    fc.assert(
      fc.property(bytes, fc.stringMatching(/^[0-9a-z]{1,8}$/), (all, zone) => {
        expect(address(`${full(all).join(":")}%${zone}`).bytes).toEqual(Buffer.from([1, ...all]));
      }),
    );
  });

  test("keeps different addresses apart", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const same = Buffer.from(a).equals(Buffer.from(b));
        expect(address(short(a).join(":")).bytes.equals(address(full(b).join(":")).bytes)).toBe(same);
      }),
    );
  });
});
