import { describe, expect, test } from "@jest/globals";
import { type RecordOutcome, receiveCountOf, reportOf, responseOf } from "../../lambda/ingest/report.ts";
import { record, SENT } from "../support/records.ts";

const COMMITTED = SENT + 60_000;
const MEASURED = { unknownFields: { count: 0, names: [] }, maskedAsText: 0, committed: COMMITTED };
const rejection = (index: number): RecordOutcome => ({ kind: "rejection", index, code: "too_long", field: "locale" });
const stored: RecordOutcome = { kind: "stored" };
const duplicate: RecordOutcome = { kind: "duplicate" };
const unsettled: RecordOutcome = { kind: "unsettled" };

/** The report of records called m0, m1, … with these outcomes. */
function report(...outcomes: RecordOutcome[]) {
  const records = outcomes.map((_, i) => record({}, { messageId: `m${i}`, receiveCount: i + 1 }));
  return reportOf("user-logins", records, outcomes, MEASURED);
}
const failed = (...outcomes: RecordOutcome[]) =>
  responseOf(report(...outcomes)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

describe("the report of a batch", () => {
  test("says for each record, in its order, what became of it", () => {
    expect(report(stored, rejection(1), duplicate, unsettled).outcomes).toEqual([
      { messageId: "m0", outcome: "stored" },
      { messageId: "m1", outcome: "rejected" },
      { messageId: "m2", outcome: "duplicate" },
      { messageId: "m3", outcome: "unsettled" },
    ]);
  });

  test("holds a rejection's reason and how often it was delivered", () => {
    expect(report(stored, rejection(1)).rejected).toEqual([
      { messageId: "m1", code: "too_long", field: "locale", sqlstate: null, hint: undefined, receiveCount: 2 },
    ]);
  });

  test("holds the SQLSTATE and the hint of a rejection that has them", () => {
    const refused: RecordOutcome = { kind: "rejection", index: 0, code: "refused_by_database", field: null, sqlstate: "23505" };
    const wrapped: RecordOutcome = { kind: "rejection", index: 1, code: "wrapped", field: "Message", hint: 'unwrap: "sns"' };
    expect(report(refused, wrapped).rejected).toEqual([
      { messageId: "m0", code: "refused_by_database", field: null, sqlstate: "23505", hint: undefined, receiveCount: 1 },
      { messageId: "m1", code: "wrapped", field: "Message", sqlstate: null, hint: 'unwrap: "sns"', receiveCount: 2 },
    ]);
  });

  test("carries the pipeline, the drift and the count of texts among addresses", () => {
    const drift = { count: 3, names: ["country"] };
    expect(reportOf("user-logins", [], [], { unknownFields: drift, maskedAsText: 2, committed: COMMITTED })).toEqual({
      pipeline: "user-logins",
      outcomes: [],
      rejected: [],
      unknownFields: drift,
      maskedAsText: 2,
      commitLag: undefined,
      smoke: [],
    });
  });

  test("calls a record without an outcome unsettled, so that it comes back", () => {
    const records = [record({}, { messageId: "m0" }), record({}, { messageId: "m1" })];
    const short = reportOf("user-logins", records, [stored], MEASURED);
    expect(responseOf(short)).toEqual({ batchItemFailures: [{ itemIdentifier: "m1" }] });
  });
});

describe("the commit lag", () => {
  /** The lag of records, each given by its age at the commit in milliseconds and what became of it. */
  const lag = (...records: [number | string, RecordOutcome][]) => {
    const sent = records.map(([age]) => record({}, { sent: typeof age === "string" ? Number.NaN : COMMITTED - age }));
    const outcomes = records.map(([, outcome]) => outcome);
    return reportOf("user-logins", sent, outcomes, MEASURED).commitLag;
  };

  test("counts from the sending of the oldest message that is in the table now", () => {
    expect(lag([20, stored], [50, duplicate], [30, stored])).toBe(50);
  });

  test("leaves out what is not in the table", () => {
    expect(lag([20, stored], [90, rejection(1)], [80, unsettled])).toBe(20);
    expect(lag([90, rejection(0)], [80, unsettled])).toBeUndefined();
  });

  test("leaves out what has no time", () => {
    expect(lag(["never", stored], [20, stored])).toBe(20);
    expect(lag(["never", stored])).toBeUndefined();
    const { attributes: _, ...bare } = record();
    expect(reportOf("user-logins", [bare as ReturnType<typeof record>], [stored], MEASURED).commitLag).toBeUndefined();
  });

  test("is never negative, whatever the clocks say", () => {
    expect(lag([-5, stored])).toBe(0);
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
    expect(reportOf("user-logins", records, [stored, duplicate, rejection(2)], MEASURED).smoke).toEqual([
      { messageId: "m1", outcome: "duplicate" },
      { messageId: "m2", outcome: "rejected" },
    ]);
  });
});

describe("the response of a batch", () => {
  test("is an empty list where all is done", () => {
    expect(responseOf(report(stored, duplicate))).toEqual({ batchItemFailures: [] });
    expect(responseOf(report())).toEqual({ batchItemFailures: [] });
  });

  test("names what was rejected and what was not tried, in the batch's order", () => {
    expect(failed(stored, unsettled, rejection(2), duplicate, rejection(4))).toEqual(["m1", "m2", "m4"]);
  });

  test("names an id once, though it stands twice in the batch", () => {
    const twice = [record("x", { messageId: "same" }), record("x", { messageId: "same" })];
    expect(responseOf(reportOf("user-logins", twice, [rejection(0), rejection(1)], MEASURED))).toEqual({
      batchItemFailures: [{ itemIdentifier: "same" }],
    });
  });

  test("names an id of which one record failed and another was stored", () => {
    const twice = [record({}, { messageId: "same" }), record("x", { messageId: "same" })];
    expect(responseOf(reportOf("user-logins", twice, [stored, rejection(1)], MEASURED)).batchItemFailures).toEqual([
      { itemIdentifier: "same" },
    ]);
  });
});

describe("the receive count", () => {
  test.each([
    ["1", 1],
    ["2", 2],
    ["1000", 1000],
  ])("is the number that SQS gives, as %s", (text, count) => {
    const { attributes, ...rest } = record();
    expect(receiveCountOf({ ...rest, attributes: { ...attributes, ApproximateReceiveCount: text } })).toBe(count);
  });

  test.each(["", "0", "-1", "1.5", "many", "1e400"])("is that of a first delivery where it cannot be read, as %j", (text) => {
    const { attributes, ...rest } = record();
    expect(receiveCountOf({ ...rest, attributes: { ...attributes, ApproximateReceiveCount: text } })).toBe(1);
  });

  test("is that of a first delivery where a hand-made event has no attributes", () => {
    const { attributes: _, ...bare } = record();
    expect(receiveCountOf(bare as ReturnType<typeof record>)).toBe(1);
  });
});
