import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { IngestError, toIngestError } from "../../lambda/errors.ts";

const CANARY = "canary-203.0.113.77";

class ForeignError extends TypeError {
  override readonly name = "ForeignError";
}

function thrown(message: string): Error {
  return new ForeignError(message);
}

/** Every text that Lambda or a logger could print of an error. */
const printed = (error: Error) => [error.message, error.stack, String(error), inspect(error), JSON.stringify(error)].join("\n");

describe("an IngestError", () => {
  test("leaves the handler unchanged", () => {
    const own = new IngestError("database_refused", "Postgres returned SQLSTATE 42P01.", "42P01");
    expect(toIngestError(own)).toBe(own);
    expect(own).toMatchObject({ name: "IngestError", code: "database_refused", sqlstate: "42P01" });
  });
});

describe("a foreign error", () => {
  test("becomes an IngestError that names its class", () => {
    const own = toIngestError(thrown(`Unexpected token in "${CANARY}"`));
    expect(own).toBeInstanceOf(IngestError);
    expect(own.code).toBe("internal_error");
    expect(own.message).toBe("An unexpected ForeignError was thrown; its text is withheld because it may quote a message.");
    expect(own.sqlstate).toBeUndefined();
  });

  test("keeps its stack frames, which help to find the mistake", () => {
    const own = toIngestError(thrown("text"));
    expect(own.stack).toMatch(/^IngestError: An unexpected ForeignError was thrown; .*\n +at thrown \(.*errors\.test\.ts/);
  });

  test("loses its text, its cause and its properties", () => {
    const foreign = Object.assign(thrown(`text ${CANARY}`), { detail: CANARY, cause: new Error(CANARY), where: CANARY });
    const own = toIngestError(foreign);
    expect(printed(own)).not.toContain(CANARY);
    expect(own.cause).toBeUndefined();
    expect(Object.keys(own).sort()).toEqual(["code", "name", "sqlstate"]);
  });

  test("loses the text of JSON.parse, which quotes its input", () => {
    const failure = (() => {
      try {
        return JSON.parse(`{"ip": ${CANARY}}`) as unknown;
      } catch (error) {
        return error;
      }
    })();
    expect(printed(failure as Error)).toContain(CANARY.slice(0, 6));
    expect(printed(toIngestError(failure))).not.toContain(CANARY.slice(0, 6));
  });

  test("loses lines of its text that look like stack frames", () => {
    const own = toIngestError(thrown(`first\n    at ${CANARY} (file:1:1)\nlast`));
    expect(printed(own)).not.toContain(CANARY);
    expect(own.stack).toContain("at thrown (");
  });

  test("never shows a value from any place in its text", () => {
    const around = fc.string({ unit: fc.constantFrom("\n", " ", "at ", "    at ", "Error: ", "(", ":1:1)", "$&", "x"), maxLength: 8 });
    fc.assert(
      fc.property(around, around, (before, after) => {
        expect(printed(toIngestError(thrown(`${before}${CANARY}${after}`)))).not.toContain(CANARY);
      }),
    );
  });
});

describe("a thrown value that is not an error", () => {
  test.each([
    ["string", CANARY],
    ["object", { message: CANARY, stack: `Error\n    at ${CANARY}` }],
    ["object", null],
    ["undefined", undefined],
    ["number", 42],
  ])("becomes an error that names its type %s, but not its content", (type, value) => {
    const own = toIngestError(value);
    expect(own.message).toBe(`An unexpected ${type} was thrown; its text is withheld because it may quote a message.`);
    expect(printed(own)).not.toContain(CANARY);
  });
});
