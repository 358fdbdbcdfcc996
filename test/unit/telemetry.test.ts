import { describe, expect, test } from "@jest/globals";
import { IngestError } from "../../lambda/errors.ts";
import { createTelemetry } from "../../lambda/telemetry.ts";
import { createContext } from "../../local/emulators/sqs-event.ts";
import { type Line, rejected, report, usePrinted } from "../support/telemetry.ts";

const { lines } = usePrinted();

/** A line without its time and its members for CloudWatch. */
function plain({ timestamp, _aws, ...rest }: Line = {}): Line {
  expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  return rest;
}

describe("the log of a batch", () => {
  test("counts the outcomes of its messages, in one line", () => {
    const kinds = ["stored", "stored", "duplicate", "rejected", "unsettled"] as const;
    const outcomes = kinds.map((outcome, i) => ({ messageId: `m-${i}`, outcome }));
    const measured = { maskedAsText: 2, commitLag: 1_234, batchTime: 56 };
    createTelemetry("user-logins").batch(report({ outcomes, unknownFields: { count: 7, names: ["country"], messages: [7] }, ...measured }));
    expect(lines().map(plain)).toEqual([
      {
        level: "INFO",
        message: "batch",
        service: "user-logins",
        pipeline: "user-logins",
        received: 5,
        stored: 2,
        duplicates: 1,
        rejected: 0,
        rejectedAgain: 0,
        unsettled: 1,
        unknownFields: 7,
        unknownFieldNames: ["country"],
        ...measured,
      },
    ]);
  });

  test("has a line for each rejected message, with only ids, codes and names", () => {
    createTelemetry("user-logins").batch(report({ rejected: [rejected({ sqlstate: "22001", code: "refused_by_database" })] }));
    expect(plain(lines()[0])).toEqual({
      level: "WARN",
      message: "message rejected",
      service: "user-logins",
      pipeline: "user-logins",
      messageId: "m-1",
      code: "refused_by_database",
      field: "locale",
      sqlstate: "22001",
      receiveCount: 1,
      rejected: 1,
    });
  });

  test.each(['a\n{"level":"INFO"}', "a\r\nb", "\u0000\u001b[31m", "\u0085\u2028\u2029", '"}\n{"'])(
    "has one line, whatever a field of a declaration is called: %j",
    (field) => {
      createTelemetry("user-logins").batch(report({ rejected: [rejected({ field })] }));
      expect(lines().map(({ message }) => message)).toEqual(["message rejected", "batch"]);
      expect(lines()[0]?.field).toBe(field);
    },
  );

  test("has a line for each message of a smoke test, with its id and its outcome", () => {
    const smoke = [{ messageId: "m-1", outcome: "stored" as const }];
    createTelemetry("user-logins").batch(report({ smoke }));
    expect(plain(lines()[0])).toEqual({ level: "INFO", message: "smoke", service: "user-logins", messageId: "m-1", outcome: "stored" });
    expect(lines()).toHaveLength(2);
  });

  test("names its invocation", () => {
    const reporter = createTelemetry("user-logins");
    const context = createContext(1_000);
    reporter.begin(context);
    reporter.batch(report());
    expect(lines()[0]).toMatchObject({ function_request_id: context.awsRequestId, function_name: "masqueue-local" });
  });

  test("names the new invocation when the container is invoked again", () => {
    const reporter = createTelemetry("user-logins");
    const contexts = [createContext(1_000), createContext(1_000)];
    for (const context of contexts) {
      reporter.begin(context);
      reporter.failed(new IngestError("out_of_time", "Too late."));
    }
    expect(lines().map((line) => line.function_request_id)).toEqual(contexts.map(({ awsRequestId }) => awsRequestId));
  });
});

describe("the log of a failure", () => {
  test("names the pipeline if others of its queue did not fail", () => {
    createTelemetry("events").failed(new IngestError("out_of_time", "Too late."), "orders");
    expect(lines()).toMatchObject([{ message: "batch failed", service: "events", pipeline: "orders" }]);
  });

  test("holds the code, the SQLSTATE and our sentence, but no stack", () => {
    createTelemetry("user-logins").failed(new IngestError("database_refused", "Postgres returned SQLSTATE 42P01.", "42P01"));
    expect(lines().map(plain)).toEqual([
      {
        level: "ERROR",
        message: "batch failed",
        service: "user-logins",
        code: "database_refused",
        sqlstate: "42P01",
        reason: "Postgres returned SQLSTATE 42P01.",
      },
    ]);
  });

  test("reports rejections that could not be written, with the SQLSTATE or the code", () => {
    const reporter = createTelemetry("user-logins");
    reporter.findingsNotWritten(new IngestError("database_refused", "Postgres returned SQLSTATE 42501.", "42501"));
    reporter.findingsNotWritten(new IngestError("out_of_time", "Too late."));
    expect(lines()).toMatchObject(["42501", "out_of_time"].map((code) => ({ level: "ERROR", message: "findings not written", code })));
  });
});
