import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { address as addressForm } from "../../lambda/masking/address.ts";
import { text as textForm } from "../../lambda/masking/canonical.ts";
import { canonical } from "../support/canonical.ts";

const address = (value: string) => canonical(addressForm, value);
const text = (value: string) => canonical(textForm, value);

const ADDRESS = "01";
const TEXT = "02";
const MAPPED = "00000000000000000000ffff";

const toHex = (value: string) => address(value).bytes.toString("hex");

describe("an IP address", () => {
  test.each([
    ["1.2.3.4", `${MAPPED}01020304`],
    ["255.255.255.255", `${MAPPED}ffffffff`],
    ["0.0.0.0", `${MAPPED}00000000`],
    ["::ffff:1.2.3.4", `${MAPPED}01020304`],
    ["::FFFF:1.2.3.4", `${MAPPED}01020304`],
    ["::ffff:102:304", `${MAPPED}01020304`],
    ["0:0:0:0:0:ffff:0102:0304", `${MAPPED}01020304`],
    ["0000:0000:0000:0000:0000:FFFF:1.2.3.4", `${MAPPED}01020304`],
    ["2001:db8::1", "20010db8000000000000000000000001"],
    ["2001:0DB8:0:0:0:0:0:1", "20010db8000000000000000000000001"],
    ["2001:db8:0:0::1", "20010db8000000000000000000000001"],
    ["2001:db8::0.0.0.1", "20010db8000000000000000000000001"],
    ["fe80::1%eth0", "fe800000000000000000000000000001"],
    ["fe80::1%25", "fe800000000000000000000000000001"],
    ["fe80::1", "fe800000000000000000000000000001"],
    ["::ffff:1.2.3.4%lo", `${MAPPED}01020304`],
    ["::", "00000000000000000000000000000000"],
    ["0:0:0:0:0:0:0:0", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["1::", "00010000000000000000000000000000"],
    ["::1.2.3.4", "00000000000000000000000001020304"],
    ["::102:304", "00000000000000000000000001020304"],
    ["::ffff:0:1.2.3.4", "0000000000000000ffff000001020304"],
    ["64:ff9b::192.0.2.33", "0064ff9b0000000000000000c0000221"],
    ["1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["1:0:0:4:0:0:0:8", "00010000000000040000000000000008"],
  ])("%s is the sixteen bytes %s", (value, bytes) => {
    expect(toHex(value)).toBe(ADDRESS + bytes);
    expect(address(value).asText).toBe(false);
  });

  test("of IPv4 differs from the IPv6 address with the same last bytes", () => {
    expect(toHex("::1.2.3.4")).not.toBe(toHex("1.2.3.4"));
  });
});

describe("a value that is not an IP address", () => {
  test.each([
    "010.0.0.1",
    "1.2.3",
    "0x7f.1",
    "localhost",
    "2130706433",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.4:80",
    "1.2.3.4/32",
    "[::1]",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    ":::",
    "12345::",
    "g::1",
    "::ffff:010.0.0.1",
    "::1%",
    "1.2.3.4%eth0",
    "unknown",
    "１.2.3.4",
  ])("is masked as text: %s", (value) => {
    expect(address(value)).toEqual({ bytes: Buffer.concat([Buffer.from(TEXT, "hex"), Buffer.from(value, "utf8")]), asText: true });
  });

  test("never has the bytes of an address, even if its characters have their codes", () => {
    const bytes = Buffer.from(`${MAPPED.replace("ffff", "0000")}01020304`, "hex");
    expect(toHex(bytes.toString("latin1"))).toBe(`${TEXT}${bytes.toString("hex")}`);
    expect(toHex("::1.2.3.4")).toBe(`${ADDRESS}${bytes.toString("hex")}`);
  });
});

describe("text", () => {
  test("is written as its own tag and its UTF-8 bytes, and does not count as a failed address", () => {
    expect(text("é1.2.3.4")).toEqual({ bytes: Buffer.from("02c3a9312e322e332e34", "hex"), asText: false });
  });

  test("keeps its case and its Unicode normalisation form", () => {
    const spellings = ["abc", "ABC", "\u00e9", "e\u0301"].map((value) => text(value).bytes.toString("hex"));
    expect(new Set(spellings).size).toBe(4);
  });

  test("never has the bytes of an address, for any text and any address", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.oneof(fc.ipV4(), fc.ipV6()), (value, ip) => {
        expect(text(value).bytes.equals(address(ip).bytes)).toBe(false);
      }),
    );
  });

  test("has equal bytes only if it is the same text", () => {
    const short = fc.string({ unit: fc.constantFrom("a", "A", "é", "1", "."), maxLength: 3 });
    fc.assert(fc.property(short, short, (a, b) => expect(text(a).bytes.equals(text(b).bytes)).toBe(a === b)));
  });
});
