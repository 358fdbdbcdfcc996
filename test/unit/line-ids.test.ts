import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { toLineId, toValueId } from "../../local/load/line-ids.ts";

describe("the id of a line", () => {
  test("is a UUID of version 5 that must never change: another one would store loaded lines a second time", () => {
    // python3 -c 'import uuid; print(uuid.uuid5(uuid.UUID("5d0f6a0e8f6b4c1f9f0a3d7c2b61e984"), "line:logins.jsonl:17"))'
    expect(toLineId("logins.jsonl", 17)).toBe("513b96ed-d1ad-527c-857f-0f967f44bf28");
    // The same of "value:orders:Ä-1".
    expect(toValueId("orders", "Ä-1")).toBe("2e21bb17-b9c3-5e2a-8661-e59714b03ecc");
  });

  test("differs between names, numbers, pipelines, values, and between a number and a value", () => {
    const name = fc.stringMatching(/^[a-z1-]{1,3}$/);
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(fc.boolean(), name, fc.nat(20)), { selector: String }), (places) => {
        const ids = places.map(([byValue, first, second]) => (byValue ? toValueId(first, String(second)) : toLineId(first, second)));
        expect(new Set(ids).size).toBe(places.length);
      }),
    );
  });
});
