import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { deriveKeys, importMasterKey } from "../../lambda/masking/keys.ts";
import { createHmacTokenizer, type MaskSpec, sha256Tokenizer } from "../../lambda/masking/tokens.ts";
import { findMistake } from "../../lambda/pipelines/column-rules.ts";
import { masked } from "../../lambda/pipelines/columns.ts";
import { caseless, digits, exact, ip, network, uuidMask } from "../../lambda/pipelines/masks.ts";

const identifiers = ["ip", "network", "device_id", "email", "phone", "device_uuid"];
const hmacTokenizer = createHmacTokenizer(await deriveKeys(importMasterKey(Buffer.alloc(32, 7)), identifiers, "main"));

const NOBODY = ["unknown", " N/A ", "0.0.0.0", "00000000-0000-0000-0000-000000000000", "+0 000"];
const omitNobody = (spec: MaskSpec): MaskSpec => ({ ...spec, absent: NOBODY });

describe.each([
  ["HMAC", hmacTokenizer],
  ["SHA-256", sha256Tokenizer],
])("a value that stands for nobody, masked by %s,", (_mode, tokenize) => {
  test.each([
    [ip, ["unknown", " unknown\t", "N/A", "0.0.0.0", "::ffff:0.0.0.0", "::FFFF:0:0"], ["Unknown", "::", "0.0.0.1", "1.2.3.4"]],
    [network({ v4: 24, v6: 48 }), ["0.0.0.0", "0.0.0.7", "unknown"], ["0.0.1.0", "::", "Unknown"]],
    [exact("device_id"), ["unknown", "0.0.0.0", " N/A"], ["UNKNOWN", "::ffff:0.0.0.0", "n/a", "unknow"]],
    [caseless("email"), ["unknown", "UNKNOWN", "n/a"], ["unknown@example.com"]],
    [uuidMask("device_uuid"), ["{00000000000000000000000000000000}", "unknown"], ["00000000-0000-0000-0000-000000000001"]],
    [digits("phone"), ["0000", "00-00", "0.0.0.0", "unknown"], ["000", "00000", "555-0100"]],
  ])("is NULL in every spelling under the form of %j, and other values are not", (spec, absent, present) => {
    const column = omitNobody(spec);
    expect(absent.map((value) => tokenize(column, value))).toEqual(absent.map(() => null));
    expect(present.map((value) => tokenize(column, value))).toEqual(present.map((value) => tokenize(spec, value)));
    expect(present.map((value) => tokenize(column, value))).not.toContain(null);
  });

  test("is masked in a column that does not declare it, whatever other columns declare", () => {
    tokenize(omitNobody(ip), "0.0.0.0");
    expect(tokenize(ip, "0.0.0.0")).not.toBeNull();
    expect(tokenize({ ...ip, absent: [] }, "0.0.0.0")).toEqual(tokenize(ip, "0.0.0.0"));
    expect(tokenize({ ...ip, absent: ["unknown"] }, "0.0.0.0")).toEqual(tokenize(ip, "0.0.0.0"));
  });

  test("is NULL exactly if it has the token of a declared value", () => {
    const value = fc.constantFrom(...NOBODY, "0.0.0.1", "::ffff:0:0", "0", "0-0", "UNKNOWN", "n/a", "00000000000000000000000000000000");
    const spec = fc.constantFrom(ip, exact("device_id"), caseless("email"), digits("phone"), uuidMask("device_uuid"));
    fc.assert(
      fc.property(value, value, spec, (declared, given, column) => {
        const isSame = hmacTokenizer(column, declared)?.token === hmacTokenizer(column, given)?.token;
        expect(tokenize({ ...column, absent: [declared] }, given) === null).toBe(isSame);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a declaration of absent values", () => {
  const declare = (absent: unknown) => findMistake(masked({ from: "ip", as: ip, absent: absent as string[] }));

  test("may list any texts that are not blank", () => {
    expect(declare(NOBODY)).toBeUndefined();
  });

  test.each(["unknown", { 0: "unknown" }, null, [], ["unknown", ""], ["\t "], ["unknown", 0], [null]])(
    "is refused if it is %j",
    (absent) => {
      expect(declare(absent)).toBe(`absent is ${JSON.stringify(absent)}; it must be a list of texts that are not blank`);
    },
  );
});
