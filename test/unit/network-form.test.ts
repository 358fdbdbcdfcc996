import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createNetworkForm } from "../../lambda/masking/address.ts";
import { network } from "../../lambda/pipelines/masks.ts";
import { canonical } from "../support/canonical.ts";

const toHex = (v4: number, v6: number, value: string) => canonical(createNetworkForm(v4, v6), value).bytes.toString("hex");

const MAPPED = "00000000000000000000ffff";

describe("the network of an address", () => {
  test.each([
    [24, 48, "192.0.2.77", `0378${MAPPED}c0000200`],
    [24, 48, "::ffff:192.0.2.77", `0378${MAPPED}c0000200`],
    [24, 48, "::FFFF:C000:24D", `0378${MAPPED}c0000200`],
    [32, 48, "192.0.2.77", `0380${MAPPED}c000024d`],
    [31, 48, "192.0.2.77", `037f${MAPPED}c000024c`],
    [25, 48, "192.0.2.77", `0379${MAPPED}c0000200`],
    [25, 48, "192.0.2.177", `0379${MAPPED}c0000280`],
    [1, 48, "192.0.2.77", `0361${MAPPED}80000000`],
    [24, 48, "2001:db8:1:2::3", "033020010db8000100000000000000000000"],
    [24, 48, "2001:db8:1:2::3%eth0", "033020010db8000100000000000000000000"],
    [24, 45, "2001:db8:f:2::3", "032d20010db8000800000000000000000000"],
    [24, 1, "ffff::1", "030180000000000000000000000000000000"],
    [24, 128, "2001:db8::3%eth0", "038020010db8000000000000000000000003"],
    [24, 48, "::192.0.2.77", "033000000000000000000000000000000000"],
  ])("with prefixes of %i and %i bits, of %s, is its tag, its prefix and the address without its last bits", (v4, v6, value, bytes) => {
    expect(toHex(v4, v6, value)).toBe(bytes);
  });

  test.each(["localhost", "192.0.2.0/24", "2001:db8::/48", "010.0.0.1", "1"])("is masked as text if %s is no address", (value) => {
    const bytes = Buffer.concat([Buffer.of(0x02), Buffer.from(value)]);
    expect(canonical(createNetworkForm(24, 48), value)).toEqual({ bytes, asText: true });
  });

  const prefix = fc.integer({ min: 1, max: 128 });
  const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
  const toBits = (all: number[]) => all.map((group) => group.toString(2).padStart(16, "0")).join("");
  const toAddress = (all: number[]) => all.map((group) => group.toString(16)).join(":");
  const fromBits = (bits: string) => Array.from({ length: 8 }, (_, i) => Number.parseInt(bits.slice(16 * i, 16 * i + 16), 2));

  test("is equal for two IPv6 addresses exactly if their first bits are", () => {
    fc.assert(
      fc.property(prefix, prefix, groups, groups, (bits, shared, a, rest) => {
        const b = fromBits(toBits(a).slice(0, shared) + toBits(rest).slice(shared));
        const isSame = toBits(a).slice(0, bits) === toBits(b).slice(0, bits);
        expect(toHex(24, bits, toAddress(a)) === toHex(24, bits, toAddress(b))).toBe(isSame);
      }),
      { numRuns: 500 },
    );
  });

  test("is equal for two IPv4 addresses exactly if their first bits are, mapped into IPv6 or not", () => {
    const octets = fc.array(fc.constantFrom(0, 1, 127, 128, 192, 255), { minLength: 4, maxLength: 4 });
    const bitsOf = (all: number[]) => all.map((octet) => octet.toString(2).padStart(8, "0")).join("");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), octets, octets, (bits, a, b) => {
        const isSame = bitsOf(a).slice(0, bits) === bitsOf(b).slice(0, bits);
        expect(toHex(bits, 48, a.join(".")) === toHex(bits, 48, `::ffff:${b.join(".")}`)).toBe(isSame);
      }),
      { numRuns: 500 },
    );
  });

  test("differs between two lengths of the prefix", () => {
    expect(toHex(23, 48, "10.0.0.1")).not.toBe(toHex(24, 48, "10.0.0.1"));
  });
});

describe("the declaration of a network", () => {
  test("has an identifier that no address shares", () => {
    expect(network({ v4: 1, v6: 128 }).identifier).toBe("network");
  });

  test.each([
    [{ v4: 0, v6: 48 }, "network(): v4 is 0; allowed: 1 to 32"],
    [{ v4: 33, v6: 48 }, "network(): v4 is 33; allowed: 1 to 32"],
    [{ v4: 23.5, v6: 48 }, "network(): v4 is 23.5; allowed: 1 to 32"],
    [{ v4: 24, v6: 129 }, "network(): v6 is 129; allowed: 1 to 128"],
    [{ v4: 24 } as { v4: number; v6: number }, "network(): v6 is undefined; allowed: 1 to 128"],
  ])("is refused with a prefix that is out of range: %j", (prefixes, sentence) => {
    expect(() => network(prefixes)).toThrow(new TypeError(sentence));
  });
});
