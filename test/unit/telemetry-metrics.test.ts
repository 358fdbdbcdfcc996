import { describe, expect, test } from "@jest/globals";
import { telemetry } from "../../lambda/telemetry.ts";
import { rejected, report, usePrinted } from "../support/telemetry.ts";

const { metrics } = usePrinted();

const NOTHING = { received: 0, stored: 0, duplicates: 0, rejected: 0, retried: 0, unsettled: 0, unknownFields: 0, maskedAsText: 0 };

describe("the metrics of a batch", () => {
  test("are counts and times in CloudWatch's embedded format, by pipeline", () => {
    const reporter = telemetry("user-logins");
    reporter.batch(report({ outcomes: [{ messageId: "m-1", outcome: "stored" }], commitLag: 1_234, postgresTime: 56 }));
    expect(metrics()).toEqual([]);
    reporter.flush();
    const [line] = metrics();
    expect(line).toMatchObject({ ...NOTHING, service: "user-logins", received: 1, stored: 1, commitLag: 1_234, postgresTime: 56 });
    expect(line?._aws).toMatchObject({
      CloudWatchMetrics: [
        {
          Namespace: "Masqueue",
          Dimensions: [["service"]],
          Metrics: [
            ...Object.keys(NOTHING).map((Name) => ({ Name, Unit: "Count" })),
            { Name: "commitLag", Unit: "Milliseconds" },
            { Name: "postgresTime", Unit: "Milliseconds" },
          ],
        },
      ],
    });
  });

  test("have no commit lag where nothing was committed", () => {
    const reporter = telemetry("user-logins");
    reporter.batch(report());
    reporter.flush();
    expect(JSON.stringify(metrics())).not.toContain("commitLag");
  });

  test("count rejections by code, too, in a line for each code", () => {
    const reporter = telemetry("user-logins");
    const codes = ["too_long", "not_json", "too_long"] as const;
    reporter.batch(report({ rejected: [...codes.map((code) => rejected({ code })), rejected({ code: "bad_date", receiveCount: 2 })] }));
    reporter.flush();
    const byCode = metrics().filter(({ code }) => code);
    expect(byCode).toEqual([
      expect.objectContaining({ service: "user-logins", code: "too_long", rejected: 2 }),
      expect.objectContaining({ service: "user-logins", code: "not_json", rejected: 1 }),
    ]);
    for (const { _aws } of byCode) {
      expect(_aws).toMatchObject({
        CloudWatchMetrics: [{ Namespace: "Masqueue", Dimensions: [["service", "code"]], Metrics: [{ Name: "rejected", Unit: "Count" }] }],
      });
    }
    expect(metrics().filter(({ code }) => !code)).toEqual([expect.objectContaining({ rejected: 3, retried: 1 })]);
  });

  test("count a rejection at its first delivery only, so that retries do not inflate it", () => {
    const reporter = telemetry("user-logins");
    reporter.batch(report({ rejected: [1, 2, 3, 1].map((receiveCount) => rejected({ receiveCount })) }));
    reporter.flush();
    expect(metrics()).toEqual([
      expect.objectContaining({ rejected: 2, code: "too_long" }),
      expect.objectContaining({ rejected: 2, retried: 2 }),
    ]);
  });

  test("start anew with each invocation", () => {
    const reporter = telemetry("user-logins");
    for (const messageId of ["m-1", "m-2"]) {
      reporter.batch(report({ outcomes: [{ messageId, outcome: "stored" }] }));
      reporter.flush();
    }
    expect(metrics().map(({ stored }) => stored)).toEqual([1, 1]);
  });

  test("hold no message id, which would make a metric of each message", () => {
    const reporter = telemetry("user-logins");
    reporter.batch(report({ outcomes: [{ messageId: "m-1", outcome: "rejected" }], rejected: [rejected()] }));
    reporter.flush();
    expect(JSON.stringify(metrics())).not.toContain("m-1");
  });
});
