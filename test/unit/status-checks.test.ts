import { describe, expect, test } from "@jest/globals";
import { isHealthy, runChecks } from "../../local/status/checks.ts";
import { formatDuration } from "../../local/status/format.ts";
import type { StatusReport } from "../../local/status/types.ts";

const NOW = Date.UTC(2026, 2, 1, 3);
const MINUTE = 60_000;
const queue = {
  depth: 9,
  inFlight: 3,
  delayed: 1,
  visibilityTimeout: 185,
  arn: "",
  deadLetterArn: null,
  retention: 345_600,
  secondsToDeadLetter: null,
};
const failure = { at: NOW - 5 * MINUTE, code: "out_of_time", sqlstate: null, reason: "Too late." };

/** The only check of a report. */
function only(report: StatusReport) {
  const [check, ...more] = runChecks(report, NOW).filter(({ subject }) => subject !== "Queue");
  expect(more).toEqual([]);
  return `${check?.grade}: ${check?.text}`;
}

describe("an event source", () => {
  test.each([
    ["Enabled", null, "ok: Enabled"],
    ["Disabled", null, "critical: Disabled"],
    ["Disabling", null, "critical: Disabling"],
    ["Updating", null, "warning: Updating"],
    ["Enabled", "PROBLEM: Function call failed", "warning: Enabled, PROBLEM: Function call failed"],
    ["Enabled", "No records processed", "ok: Enabled"],
  ])("that is %s with result %s is %s", (state, lastResult, text) => {
    expect(only({ eventSource: { value: { state, reason: null, lastResult } } })).toBe(text);
  });

  test("reports why it is not enabled", () => {
    const reason = "USER_INITIATED";
    expect(only({ eventSource: { value: { state: "Disabled", reason, lastResult: null } } })).toBe("critical: Disabled, USER_INITIATED");
    expect(only({ eventSource: { value: { state: "Enabled", reason, lastResult: null } } })).toBe("ok: Enabled");
  });
});

describe("a failure", () => {
  test("of the last minutes is critical, an older one is a warning", () => {
    expect(only({ lastFailure: { value: failure } })).toBe("critical: 5 min ago: out_of_time: Too late.");
    expect(only({ lastFailure: { value: { ...failure, at: NOW - 20 * MINUTE, sqlstate: "55P03" } } })).toBe(
      "warning: 20 min ago: out_of_time (SQLSTATE 55P03): Too late.",
    );
    expect(only({ lastFailure: { value: { noneIn: 24 * 60 * MINUTE } } })).toBe("ok: none in 24 h");
  });

  test("is not reported as absent beyond the log that was read", () => {
    expect(only({ lastFailure: { value: { noneIn: 6 * 60 * MINUTE } } })).toBe("ok: none in 6 h (there was no time to read the older log)");
  });

  test("that the health check would find again is left to it, if it succeeded", () => {
    const gradeFailure = (code: string, health: StatusReport["health"]) =>
      runChecks({ health, lastFailure: { value: { ...failure, code } } }, NOW).find(({ subject }) => subject === "Last failure")?.grade;
    const passed = { value: { seconds: 0.1, failure: null } };
    expect(gradeFailure("database_unavailable", passed)).toBe("warning");
    expect(gradeFailure("database_unavailable", { failed: "not allowed" })).toBe("critical");
    expect(gradeFailure("out_of_time", passed)).toBe("critical");
    expect(gradeFailure("database_refused", passed)).toBe("critical");
  });
});

test.each([
  ["UPDATE_COMPLETE", "ok: UPDATE_COMPLETE"],
  ["UPDATE_ROLLBACK_COMPLETE", "warning: UPDATE_ROLLBACK_COMPLETE"],
  ["UPDATE_FAILED", "warning: UPDATE_FAILED"],
])("a stack that is %s is %s", (status, text) => {
  expect(only({ stack: { status, changed: null } })).toBe(text);
});

describe("traffic", () => {
  const none = { invocations: 0, errors: 0, stored: 0, rejected: 0, unsettled: 0 };
  const gradeTraffic = (traffic: Partial<typeof none>, more: StatusReport = {}) => {
    const checks = runChecks({ traffic: { value: { ...none, ...traffic } }, ...more }, NOW);
    const lines = (subject: string) => checks.filter((check) => check.subject === subject).map(({ grade, text }) => `${grade}: ${text}`);
    return [...lines("Invocations"), ...lines("Stored")];
  };
  const waiting = { queue: { value: queue } };

  test.each([
    [0, "ok"],
    [1, "warning"],
    [2, "critical"],
  ])("with %i failed invocations is %s: one alone may be a health check's", (errors, grade) => {
    expect(gradeTraffic({ invocations: 12, errors, stored: 3 })).toEqual([
      `${grade}: ${errors} of 12 failed in 15 min`,
      "ok: 3 messages in 15 min",
    ]);
  });

  test("that stores nothing while messages wait is critical, even if no invocation failed", () => {
    expect(gradeTraffic({}, waiting)[1]).toBe("critical: 0 messages in 15 min, and 9 messages in the queue");
    expect(gradeTraffic({}, { queue: { value: { ...queue, depth: 0 } } })[1]).toBe("ok: 0 messages in 15 min");
    expect(gradeTraffic({ unsettled: 4, rejected: 1 }, waiting)[1]).toMatch(
      /^critical: 0 messages in 15 min, 4 not tried for lack of time, and/,
    );
  });

  test("is not critical because of a message that has just arrived, or of bad ones", () => {
    const oldest = (seconds: number) => ({ lag: { value: { commit: null, oldest: seconds } } });
    expect(gradeTraffic({}, { ...waiting, ...oldest(185) })[1]).toMatch(/^ok: /);
    expect(gradeTraffic({}, { ...waiting, ...oldest(186) })[1]).toMatch(/^critical: /);
    expect(gradeTraffic({ rejected: 2 }, waiting)[1]).toBe("warning: 0 messages in 15 min: all that arrived were rejected");
  });

  test("that runs out of time is a warning", () => {
    expect(gradeTraffic({ stored: 1, unsettled: 4 }, waiting)[1]).toBe("warning: 1 message in 15 min, 4 not tried for lack of time");
  });
});

describe("lag", () => {
  test.each([
    [{ commit: 60_000, oldest: 370 }, "ok"],
    [{ commit: null, oldest: 371 }, "critical"],
    [{ commit: 601_000, oldest: null }, "warning"],
    [{ commit: null, oldest: null }, "ok"],
  ])("of %j is %s if a message comes back after 185 s", (value, grade) => {
    expect(only({ lag: { value }, queue: { value: queue } })).toMatch(new RegExp(`^${grade}: `));
  });
});

test("a part that could not be read is critical only if no other shows whether messages are stored", () => {
  const failed = { failed: "not allowed" };
  const all = { eventSource: failed, health: failed, queue: failed, rows: failed, lastFailure: failed, lag: failed, deadLetters: failed };
  const checks = runChecks({ ...all, rejected: failed }, NOW);
  const critical = checks.filter(({ grade }) => grade === "critical").map(({ subject }) => subject);
  expect(critical).toEqual(["Event source", "Database", "Queue", "Rows"]);
  expect(checks.every(({ text }) => text === "not allowed")).toBe(true);
  expect(isHealthy(checks)).toBe(false);
});

test("absent parts are not reported", () => {
  expect(runChecks({}, NOW)).toEqual([]);
  expect(isHealthy([])).toBe(true);
});

test("a queue's messages are counted by kind", () => {
  expect(runChecks({ queue: { value: queue } }, NOW)[0]?.text).toBe("5 visible, 3 in flight, 1 delayed");
});

test.each([
  [-5, "0 ms"],
  [999, "999 ms"],
  [4_200, "4.2 s"],
  [9_999, "10 s"],
  [90_000, "90 s"],
  [120_000, "2 min"],
  [3 * 3_600_000, "3 h"],
  [14 * 86_400_000, "14 d"],
])("%i ms are %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
