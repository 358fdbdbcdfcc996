import { describe, expect, test } from "@jest/globals";
import { parseLine, toFailure } from "../../local/aws/log.ts";

describe("a line of the function's log", () => {
  test("is a line that the function's code printed", () => {
    const fields = { level: "INFO", message: "batch", service: "user-logins", received: 3 };
    expect(parseLine(JSON.stringify(fields), 7)).toEqual({ at: 7, fields });
  });

  test.each([
    ["START RequestId: 1 Version: $LATEST"],
    ['{"time":"2026-03-01T03:00:00Z","type":"platform.start","record":{}}'],
    ['{"level":"ERROR","message":{"errorType":"TypeError","errorMessage":"a value"}}'],
    ['{"level":"ERROR","message":"Unhandled: a value"}'],
    ["null"],
    ["7"],
    [""],
  ])("is not one that Lambda added, because that may quote a foreign error: %s", (text) => {
    expect(parseLine(text, 7)).toBeNull();
  });
});

describe("a failure", () => {
  const line = (fields: Record<string, unknown>) => ({ at: 7, fields: { message: "batch failed", ...fields } });

  test("has code, SQLSTATE and reason", () => {
    expect(toFailure(line({ code: "database_refused", sqlstate: "42501", reason: "No." }))).toEqual({
      ...{ at: 7, code: "database_refused", sqlstate: "42501", reason: "No." },
    });
    expect(toFailure(line({ code: "out_of_time", reason: "Late." }))?.sqlstate).toBeNull();
  });

  test("is reported by no other line", () => {
    expect(toFailure(line({ message: "batch" }))).toBeNull();
    expect(toFailure(null)).toBeNull();
  });
});
