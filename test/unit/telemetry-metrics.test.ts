import { describe, expect, test } from "@jest/globals";
import { IngestError } from "../../lambda/errors.ts";
import { REJECTION_CODES, type RejectionCode } from "../../lambda/rows/outcome.ts";
import { createTelemetry } from "../../lambda/telemetry.ts";
import { rejected, report, usePrinted } from "../support/telemetry.ts";

const { lines, metrics } = usePrinted();

const NOTHING = {
  received: 0,
  stored: 0,
  duplicates: 0,
  rejected: 0,
  rejectedAgain: 0,
  unsettled: 0,
  unknownFields: 0,
  maskedAsText: 0,
};
const service = "user-logins";

describe("the metrics of a batch", () => {
  test("are counts and times in CloudWatch's embedded metric format, by pipeline", () => {
    createTelemetry(service).batch(report({ outcomes: [{ messageId: "m-1", outcome: "stored" }], commitLag: 1_234, batchTime: 56 }));
    expect(metrics()).toEqual([
      {
        namespace: "Masqueue",
        dimensions: { service },
        values: { ...NOTHING, received: 1, stored: 1, commitLag: 1_234, batchTime: 56 },
        units: {
          ...Object.fromEntries(Object.keys(NOTHING).map((name) => [name, "Count"])),
          commitLag: "Milliseconds",
          batchTime: "Milliseconds",
        },
      },
    ]);
  });

  test("have the timestamp of their line", () => {
    createTelemetry(service).batch(report());
    const [line] = lines();
    expect(line?._aws).toMatchObject({ Timestamp: Date.parse(String(line?.timestamp)) });
  });

  test("count skipped messages if there are any", () => {
    createTelemetry("events").batch(report({ outcomes: [{ messageId: "m-1", outcome: "skipped" }] }));
    expect(metrics().map(({ values }) => values)).toEqual([{ ...NOTHING, received: 1, skipped: 1, batchTime: 0 }]);
  });

  test("of a shared queue are kept by pipeline, too", () => {
    createTelemetry("events").batch(report({ pipeline: "orders", isShared: true }));
    expect(metrics().map(({ dimensions }) => dimensions)).toEqual([{ service: "events" }, { service: "events", pipeline: "orders" }]);
  });

  test("have no commit lag if nothing was committed", () => {
    createTelemetry(service).batch(report());
    expect(metrics().map(({ values }) => values)).toEqual([{ ...NOTHING, batchTime: 0 }]);
  });

  test("count rejections at their first delivery only, also by code, so that retries do not inflate them", () => {
    const codes = ["too_long", "not_json", "too_long"] as const;
    const rejectedAgain = [2, 3].map((receiveCount) => rejected({ code: "bad_date", receiveCount }));
    createTelemetry(service).batch(report({ rejected: [...codes.map((code) => rejected({ code })), ...rejectedAgain] }));
    const [byPipeline, ...byCode] = metrics().toReversed();
    expect(byPipeline).toMatchObject({ dimensions: { service }, values: { rejected: 3, rejectedAgain: 2 } });
    expect(byCode.toReversed()).toEqual(
      codes.map((code) => ({
        namespace: "Masqueue",
        dimensions: { service, code },
        values: { rejected: 1 },
        units: { rejected: "Count" },
      })),
    );
  });

  test("start from zero with each batch", () => {
    const reporter = createTelemetry(service);
    for (const messageId of ["m-1", "m-2"]) reporter.batch(report({ outcomes: [{ messageId, outcome: "stored" }] }));
    expect(metrics().map(({ values }) => values.stored)).toEqual([1, 1]);
  });
});

/** CloudWatch drops all metrics of a line unless each is a number in it, each dimension is a text in it, and there are at most 100. */
test("each line has a number for every metric and a text for every dimension that it names, within CloudWatch's limits", () => {
  const reporter = createTelemetry(service);
  const codes = Object.keys(REJECTION_CODES) as RejectionCode[];
  for (const commitLag of [undefined, 0, 1_234]) reporter.batch(report({ commitLag, rejected: codes.map((code) => rejected({ code })) }));
  reporter.findingsNotWritten(new IngestError("database_refused", "No.", "42501"));
  expect(metrics()).toHaveLength(3 * (codes.length + 1) + 1);
  for (const { dimensions, values } of metrics()) {
    expect(Object.values(values)).toEqual(Object.values(values).map(() => expect.any(Number)));
    expect(Object.values(dimensions)).toEqual(Object.values(dimensions).map(() => expect.stringMatching(/^[!-~]{1,1024}$/)));
    expect(Object.keys(values).length).toBeLessThanOrEqual(100);
  }
});

describe("the metrics of a failure", () => {
  test("count rejections that could not be written", () => {
    createTelemetry(service).findingsNotWritten(new IngestError("database_refused", "No.", "42501"));
    expect(metrics()).toMatchObject([{ dimensions: { service }, values: { findingsNotWritten: 1 } }]);
  });

  test("do not count failed batches, because Lambda counts them", () => {
    createTelemetry(service).failed(new IngestError("out_of_time", "Too late."));
    expect(lines()).toHaveLength(1);
    expect(metrics()).toEqual([]);
  });
});
