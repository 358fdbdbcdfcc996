import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readFailedIds } from "../../local/emulators/event-source.ts";

const IDS = new Set(["a", "b", "c"]);
const failed = (response: unknown) => [...readFailedIds(response, IDS)];
const naming = (...identifiers: unknown[]) => ({ batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) });

function circular(): unknown {
  const ring: Record<string, unknown> = {};
  ring.self = ring;
  return ring;
}

describe("everything is done", () => {
  test.each([
    ["an empty list", { batchItemFailures: [] }],
    ["a list that is null", { batchItemFailures: null }],
    ["a list that is undefined", { batchItemFailures: undefined }],
    ["an empty object", {}],
    ["null", null],
    ["nothing", undefined],
  ])("if the response is %s", (_name, response) => {
    expect(failed(response)).toEqual([]);
  });
});

describe("some failed", () => {
  test("if the response names them", () => {
    expect(failed(naming("b"))).toEqual(["b"]);
    expect(failed(naming("c", "a"))).toEqual(["c", "a"]);
  });

  test("each once, though it is named twice", () => {
    expect(failed(naming("b", "b"))).toEqual(["b"]);
  });

  test("whatever else stands beside their ids", () => {
    expect(failed({ batchItemFailures: [{ itemIdentifier: "a", reason: "x" }], note: 1 })).toEqual(["a"]);
  });
});

describe("everything failed", () => {
  test.each([
    ["an id that is empty", naming("")],
    ["an id that is null", naming(null)],
    ["an id that is undefined", naming(undefined)],
    ["an id that is no string", naming(1)],
    ["an id that is not of the batch", naming("d")],
    ["an unknown id among good ones", naming("a", "d")],
    ["an id under a wrong key", { batchItemFailures: [{ itemIdentifer: "a" }] }],
    ["a bare id instead of an object", { batchItemFailures: ["a"] }],
    ["a null among the failures", { batchItemFailures: [null] }],
    ["an object instead of the list", { batchItemFailures: { itemIdentifier: "a" } }],
    ["a string instead of the list", { batchItemFailures: "a" }],
    ["a list instead of an object", [{ itemIdentifier: "a" }]],
    ["a string", "done"],
    ["a number", 0],
    ["false", false],
    ["a circle, which is no JSON", circular()],
    ["a bigint, which is no JSON", naming(1n)],
  ])("if the response holds %s", (_name, response) => {
    expect(failed(response)).toEqual(["a", "b", "c"]);
  });

  test("if the response throws as it is turned into JSON", () => {
    const response = {
      toJSON() {
        throw new Error("no");
      },
    };
    expect(failed(response)).toEqual(["a", "b", "c"]);
  });
});

test("no response fails an id that is not of the batch", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything(),
        fc.array(fc.anything()).map((list) => naming(...list)),
      ),
      (response) => {
        for (const id of failed(response)) expect(IDS.has(id)).toBe(true);
      },
    ),
  );
});
