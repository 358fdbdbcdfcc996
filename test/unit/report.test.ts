import { describe, expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import { readReceiveCount } from "../../lambda/ingest/event.ts";
import { buildReport, toResponse } from "../../lambda/ingest/report.ts";
import { UnknownFieldCounter } from "../../lambda/ingest/unknown-fields.ts";
import { DUPLICATE, type Outcome, reject, STORED, UNSETTLED } from "../../lambda/rows/outcome.ts";
import { record, SENT } from "../support/records.ts";

const COMMITTED = SENT + 60_000;
const rejection = reject("too_long", "locale");

const reportOn = (records: readonly SQSRecord[], outcomes: readonly Outcome[]) =>
  buildReport("user-logins", records, { outcomes, unknownFields: new UnknownFieldCounter(), maskedAsText: 0, committed: COMMITTED });

/** The report of records called m0, m1, … with these outcomes. */
function report(...outcomes: Outcome[]) {
  return reportOn(
    outcomes.map((_, i) => record({}, { messageId: `m${i}`, receiveCount: i + 1 })),
    outcomes,
  );
}
const failed = (...outcomes: Outcome[]) => toResponse(report(...outcomes)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

describe("the report of a batch", () => {
  test("says for each record, in its order, what became of it", () => {
    expect(report(STORED, rejection, DUPLICATE, UNSETTLED).outcomes).toEqual([
      { messageId: "m0", outcome: "stored" },
      { messageId: "m1", outcome: "rejected" },
      { messageId: "m2", outcome: "duplicate" },
      { messageId: "m3", outcome: "unsettled" },
    ]);
  });

  test("holds a rejection's reason and the number of its deliveries", () => {
    expect(report(STORED, rejection).rejected).toEqual([{ ...rejection, messageId: "m1", receiveCount: 2 }]);
  });

  test("holds the SQLSTATE of a rejection that has one", () => {
    expect(report(reject("refused_by_database", null, "23505")).rejected).toMatchObject([{ field: null, sqlstate: "23505" }]);
  });

  test("carries the pipeline, the unknown fields and the count of texts among addresses", () => {
    const unknownFields = new UnknownFieldCounter();
    expect(buildReport("user-logins", [], { outcomes: [], unknownFields, maskedAsText: 2, committed: COMMITTED })).toEqual({
      pipeline: "user-logins",
      outcomes: [],
      rejected: [],
      unknownFields: { count: 0, names: [] },
      maskedAsText: 2,
      commitLag: undefined,
      smoke: [],
    });
  });

  test("calls a record without an outcome UNSETTLED, so that it comes back", () => {
    const records = [record({}, { messageId: "m0" }), record({}, { messageId: "m1" })];
    const short = reportOn(records, [STORED]);
    expect(toResponse(short)).toEqual({ batchItemFailures: [{ itemIdentifier: "m1" }] });
  });
});

describe("the commit lag", () => {
  /** The lag of records, each given by its age at the commit in milliseconds and what became of it. */
  const lag = (...records: [number | string, Outcome][]) => {
    const sent = records.map(([age]) => record({}, { sent: typeof age === "string" ? Number.NaN : COMMITTED - age }));
    const outcomes = records.map(([, outcome]) => outcome);
    return reportOn(sent, outcomes).commitLag;
  };

  test("counts from the sending of the oldest message that is in the table now", () => {
    expect(lag([20, STORED], [50, DUPLICATE], [30, STORED])).toBe(50);
  });

  test("leaves out what is not in the table", () => {
    expect(lag([20, STORED], [90, rejection], [80, UNSETTLED])).toBe(20);
    expect(lag([90, rejection], [80, UNSETTLED])).toBeUndefined();
  });

  test("leaves out what has no time", () => {
    expect(lag(["never", STORED], [20, STORED])).toBe(20);
    expect(lag(["never", STORED])).toBeUndefined();
    const { attributes: _, ...bare } = record();
    expect(reportOn([bare as ReturnType<typeof record>], [STORED]).commitLag).toBeUndefined();
  });

  test("is never negative, whatever the clocks say", () => {
    expect(lag([-5, STORED])).toBe(0);
  });
});

describe("a smoke test's message", () => {
  test("is told by its attribute, with what became of it", () => {
    const attributes = { "masqueue-smoke": "1" };
    const records = [
      record({}, { messageId: "m0" }),
      record({}, { messageId: "m1", attributes }),
      record("x", { messageId: "m2", attributes }),
    ];
    expect(reportOn(records, [STORED, DUPLICATE, rejection]).smoke).toEqual([
      { messageId: "m1", outcome: "duplicate" },
      { messageId: "m2", outcome: "rejected" },
    ]);
  });
});

describe("the response of a batch", () => {
  test("is an empty list where all is done", () => {
    expect(toResponse(report(STORED, DUPLICATE))).toEqual({ batchItemFailures: [] });
    expect(toResponse(report())).toEqual({ batchItemFailures: [] });
  });

  test("names what was rejected and what was not tried, in the batch's order", () => {
    expect(failed(STORED, UNSETTLED, rejection, DUPLICATE, rejection)).toEqual(["m1", "m2", "m4"]);
  });

  test("names an id once, though it stands twice in the batch", () => {
    const twice = [record("x", { messageId: "same" }), record("x", { messageId: "same" })];
    expect(toResponse(reportOn(twice, [rejection, rejection]))).toEqual({
      batchItemFailures: [{ itemIdentifier: "same" }],
    });
  });

  test("names an id of which one record failed and another was stored", () => {
    const twice = [record({}, { messageId: "same" }), record("x", { messageId: "same" })];
    expect(toResponse(reportOn(twice, [STORED, rejection])).batchItemFailures).toEqual([{ itemIdentifier: "same" }]);
  });
});

describe("the receive count", () => {
  test.each([
    ["1", 1],
    ["2", 2],
    ["1000", 1000],
  ])("is the number that SQS gives, as %s", (text, count) => {
    const { attributes, ...rest } = record();
    expect(readReceiveCount({ ...rest, attributes: { ...attributes, ApproximateReceiveCount: text } })).toBe(count);
  });

  test.each(["", "0", "-1", "1.5", "many", "1e400"])("is that of a first delivery where it cannot be read, as %j", (text) => {
    const { attributes, ...rest } = record();
    expect(readReceiveCount({ ...rest, attributes: { ...attributes, ApproximateReceiveCount: text } })).toBe(1);
  });

  test("is that of a first delivery where a hand-made event has no attributes", () => {
    const { attributes: _, ...bare } = record();
    expect(readReceiveCount(bare as ReturnType<typeof record>)).toBe(1);
  });
});
