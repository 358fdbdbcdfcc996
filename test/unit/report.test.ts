import { describe, expect, test } from "@jest/globals";
import { type RecordOutcome, receiveCountOf, reportOf, responseOf } from "../../lambda/ingest/report.ts";
import { record } from "../support/records.ts";

const NO_DRIFT = { count: 0, names: [] };
const rejection = (index: number): RecordOutcome => ({ kind: "rejection", index, code: "too_long", field: "locale" });
const stored: RecordOutcome = { kind: "stored" };
const duplicate: RecordOutcome = { kind: "duplicate" };
const unsettled: RecordOutcome = { kind: "unsettled" };

/** The report of records called m0, m1, … with these outcomes. */
function report(...outcomes: RecordOutcome[]) {
  const records = outcomes.map((_, i) => record({}, { messageId: `m${i}`, receiveCount: i + 1 }));
  return reportOf("user-logins", records, outcomes, NO_DRIFT, 0);
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
    expect(reportOf("user-logins", [], [], drift, 2)).toEqual({
      pipeline: "user-logins",
      outcomes: [],
      rejected: [],
      unknownFields: drift,
      maskedAsText: 2,
    });
  });

  test("calls a record without an outcome unsettled, so that it comes back", () => {
    const records = [record({}, { messageId: "m0" }), record({}, { messageId: "m1" })];
    const short = reportOf("user-logins", records, [stored], NO_DRIFT, 0);
    expect(responseOf(short)).toEqual({ batchItemFailures: [{ itemIdentifier: "m1" }] });
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
    expect(responseOf(reportOf("user-logins", twice, [rejection(0), rejection(1)], NO_DRIFT, 0))).toEqual({
      batchItemFailures: [{ itemIdentifier: "same" }],
    });
  });

  test("names an id of which one record failed and another was stored", () => {
    const twice = [record({}, { messageId: "same" }), record("x", { messageId: "same" })];
    expect(responseOf(reportOf("user-logins", twice, [stored, rejection(1)], NO_DRIFT, 0)).batchItemFailures).toEqual([
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
