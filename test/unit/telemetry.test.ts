import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { IngestError } from "../../lambda/errors.ts";
import type { BatchReport, RejectedMessage } from "../../lambda/ingest/report.ts";
import { telemetry } from "../../lambda/telemetry.ts";
import { contextFor } from "../../local/sqs-event.ts";

type Line = Record<string, unknown>;

let printed: string[];

beforeEach(() => {
  printed = [];
  const keep = (chunk: unknown) => printed.push(String(chunk)) > 0;
  jest.spyOn(process.stdout, "write").mockImplementation(keep);
  jest.spyOn(process.stderr, "write").mockImplementation(keep);
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** What was printed, each line read as JSON: a line that is none fails the test. */
function lines(): Line[] {
  return printed
    .join("")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}
const logs = () => lines().filter((line) => !("_aws" in line));
const metrics = () => lines().filter((line) => "_aws" in line);

function rejected(fields: Partial<RejectedMessage> = {}): RejectedMessage {
  return { messageId: "m-1", code: "too_long", field: "locale", sqlstate: null, hint: undefined, receiveCount: 1, ...fields };
}

function report(fields: Partial<BatchReport> = {}): BatchReport {
  const counted = { outcomes: [], rejected: [], unknownFields: { count: 0, names: [] }, maskedAsText: 0, smoke: [] };
  return { pipeline: "user-logins", ...counted, commitLag: undefined, postgresTime: 0, ...fields };
}

const NOTHING = { received: 0, stored: 0, duplicates: 0, rejected: 0, retried: 0, unsettled: 0, unknownFields: 0, maskedAsText: 0 };

describe("the log of a batch", () => {
  test("counts what became of its messages, in one line", () => {
    const kinds = ["stored", "stored", "duplicate", "rejected", "unsettled"] as const;
    const outcomes = kinds.map((outcome, i) => ({ messageId: `m-${i}`, outcome }));
    const measured = { maskedAsText: 2, commitLag: 1_234, postgresTime: 56 };
    telemetry("user-logins").batch(report({ outcomes, unknownFields: { count: 7, names: ["country"] }, ...measured }));
    expect(logs()).toEqual([
      expect.objectContaining({
        level: "INFO",
        message: "batch",
        service: "user-logins",
        received: 5,
        stored: 2,
        duplicates: 1,
        unsettled: 1,
        unknownFields: 7,
        unknownFieldNames: ["country"],
        ...measured,
      }),
    ]);
  });

  test("has a line for each rejected message, with nothing but ids, codes and names", () => {
    telemetry("user-logins").batch(report({ rejected: [rejected({ sqlstate: "22001", code: "refused_by_database" })] }));
    const [line] = logs();
    const { timestamp: _, ...rest } = line as Line;
    expect(rest).toEqual({
      level: "WARN",
      message: "message rejected",
      service: "user-logins",
      sampling_rate: 0,
      messageId: "m-1",
      code: "refused_by_database",
      field: "locale",
      sqlstate: "22001",
      receiveCount: 1,
    });
  });

  test("has a line for each message of a smoke test, with its id and what became of it", () => {
    const smoke = [{ messageId: "m-1", outcome: "stored" as const }];
    telemetry("user-logins").batch(report({ smoke }));
    const { timestamp: _, ...rest } = logs()[0] as Line;
    const line = { level: "INFO", message: "smoke", service: "user-logins", sampling_rate: 0, messageId: "m-1", outcome: "stored" };
    expect(rest).toEqual(line);
    expect(logs()).toHaveLength(2);
  });

  test("names the setting that would let a wrapped message through", () => {
    telemetry("user-logins").batch(report({ rejected: [rejected({ code: "wrapped", field: "Message", hint: 'unwrap: "sns"' })] }));
    expect(logs()[0]).toMatchObject({ code: "wrapped", field: "Message", hint: 'unwrap: "sns"' });
  });

  test("says which invocation it belongs to", () => {
    const reporter = telemetry("user-logins");
    const context = contextFor(1_000);
    reporter.begin(context);
    reporter.batch(report());
    expect(logs()[0]).toMatchObject({ function_request_id: context.awsRequestId, function_name: "masqueue-local" });
  });
});

describe("the log of a failure", () => {
  test("holds the code, the SQLSTATE and our own sentence, and no stack", () => {
    telemetry("user-logins").failed(new IngestError("database_refused", "Postgres answered with SQLSTATE 42P01.", "42P01"));
    const { timestamp: _, ...line } = logs()[0] as Line;
    expect(line).toEqual({
      level: "ERROR",
      message: "batch failed",
      service: "user-logins",
      sampling_rate: 0,
      code: "database_refused",
      sqlstate: "42P01",
      reason: "Postgres answered with SQLSTATE 42P01.",
    });
  });

  test("tells that the reasons of rejections could not be kept", () => {
    const reporter = telemetry("user-logins");
    reporter.rejectionsNotWritten("42501");
    reporter.flush();
    expect(logs()).toEqual([expect.objectContaining({ level: "ERROR", message: "rejections not written", code: "42501" })]);
    expect(metrics()).toEqual([expect.objectContaining({ rejectionsNotWritten: 1 })]);
  });

  test("is all that is printed: an invocation without counts has no line beside it", () => {
    const reporter = telemetry("user-logins");
    reporter.failed(new IngestError("out_of_time", "Too late."));
    reporter.flush();
    expect(lines()).toHaveLength(1);
  });
});

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
