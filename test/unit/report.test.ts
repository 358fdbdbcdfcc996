import { describe, expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import { readReceiveCount } from "../../lambda/ingest/event.ts";
import { type Message, parse } from "../../lambda/ingest/parse.ts";
import { buildReport, toResponse } from "../../lambda/ingest/report.ts";
import { UnknownFieldCounter } from "../../lambda/ingest/unknown-fields.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { DUPLICATE, type Outcome, reject, STORED, UNSETTLED } from "../../lambda/rows/outcome.ts";
import { record, SENT } from "../support/records.ts";

const COMMITTED = SENT + 60_000;
const rejection = reject("too_long", "locale");

const buildReportOn = (records: readonly SQSRecord[], outcomes: readonly Outcome[]) =>
  buildReport("user-logins", records, { outcomes: [...outcomes], unknownFields: new UnknownFieldCounter(), maskedAsText: 0 }, COMMITTED);

/** The report of records called m0, m1, … with these outcomes. */
function report(...outcomes: Outcome[]) {
  return buildReportOn(
    outcomes.map((_, i) => record({}, { messageId: `m${i}`, receiveCount: i + 1 })),
    outcomes,
  );
}
const failed = (...outcomes: Outcome[]) => toResponse(report(...outcomes)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

describe("the report of a batch", () => {
  test("lists the outcome of each record, in the batch's order", () => {
    expect(report(STORED, rejection, DUPLICATE, UNSETTLED).outcomes).toEqual([
      { messageId: "m0", outcome: "stored" },
      { messageId: "m1", outcome: "rejected" },
      { messageId: "m2", outcome: "duplicate" },
      { messageId: "m3", outcome: "unsettled" },
    ]);
  });

  test("lists a rejection with its reason and its receive count", () => {
    expect(report(STORED, rejection).rejected).toEqual([{ ...rejection, messageId: "m1", receiveCount: 2 }]);
  });

  test("holds the SQLSTATE of a rejection that has one", () => {
    expect(report(reject("refused_by_database", null, "23505")).rejected).toMatchObject([{ field: null, sqlstate: "23505" }]);
  });

  test("holds the pipeline, the unknown fields and the number of values that were masked as text", () => {
    const unknownFields = new UnknownFieldCounter();
    for (const extra of [{ country: "DE" }, { country: "DE", city: "B" }])
      unknownFields.add(parse(record({ user_id: "u", ...extra }), userLogins) as Message);
    expect(buildReport("user-logins", [], { outcomes: [], unknownFields, maskedAsText: 2 }, COMMITTED)).toEqual({
      pipeline: "user-logins",
      outcomes: [],
      rejected: [],
      unknownFields: { count: 3, names: ["country"], messages: [2] },
      maskedAsText: 2,
      commitLag: undefined,
      smoke: [],
    });
  });

  test("treats a record without an outcome as unsettled, so that SQS delivers it again", () => {
    const records = [record({}, { messageId: "m0" }), record({}, { messageId: "m1" })];
    const short = buildReportOn(records, [STORED]);
    expect(toResponse(short)).toEqual({ batchItemFailures: [{ itemIdentifier: "m1" }] });
  });
});

describe("the commit lag", () => {
  /** The lag of records, each given by its age at the commit in milliseconds and its outcome. */
  const lag = (...records: [number | string, Outcome][]) => {
    const sent = records.map(([age]) => record({}, { sent: typeof age === "string" ? Number.NaN : COMMITTED - age }));
    const outcomes = records.map(([, outcome]) => outcome);
    return buildReportOn(sent, outcomes).commitLag;
  };

  test("is measured from the sending of the oldest message that is now in the table", () => {
    expect(lag([20, STORED], [50, DUPLICATE], [30, STORED])).toBe(50);
  });

  test("ignores messages that are not in the table", () => {
    expect(lag([20, STORED], [90, rejection], [80, UNSETTLED])).toBe(20);
    expect(lag([90, rejection], [80, UNSETTLED])).toBeUndefined();
  });

  test("ignores messages without a time of sending", () => {
    expect(lag(["never", STORED], [20, STORED])).toBe(20);
    expect(lag(["never", STORED])).toBeUndefined();
    const { attributes: _, ...bare } = record();
    expect(buildReportOn([bare as ReturnType<typeof record>], [STORED]).commitLag).toBeUndefined();
  });

  test("is never negative, even if the clocks disagree", () => {
    expect(lag([-5, STORED])).toBe(0);
  });
});

describe("a smoke test's message", () => {
  test("is recognised by its attribute, and listed with its outcome", () => {
    const attributes = { "masqueue-smoke": "1" };
    const records = [
      record({}, { messageId: "m0" }),
      record({}, { messageId: "m1", attributes }),
      record("x", { messageId: "m2", attributes }),
    ];
    expect(buildReportOn(records, [STORED, DUPLICATE, rejection]).smoke).toEqual([
      { messageId: "m1", outcome: "duplicate" },
      { messageId: "m2", outcome: "rejected" },
    ]);
  });
});

describe("the response of a batch", () => {
  test("is an empty list if every record is done", () => {
    expect(toResponse(report(STORED, DUPLICATE))).toEqual({ batchItemFailures: [] });
    expect(toResponse(report())).toEqual({ batchItemFailures: [] });
  });

  test("lists rejected and unsettled records, in the batch's order", () => {
    expect(failed(STORED, UNSETTLED, rejection, DUPLICATE, rejection)).toEqual(["m1", "m2", "m4"]);
  });

  test("lists an id once, even if it occurs twice in the batch", () => {
    const twice = [record("x", { messageId: "same" }), record("x", { messageId: "same" })];
    expect(toResponse(buildReportOn(twice, [rejection, rejection]))).toEqual({
      batchItemFailures: [{ itemIdentifier: "same" }],
    });
  });

  test("lists an id of which one record failed and another was stored", () => {
    const twice = [record({}, { messageId: "same" }), record("x", { messageId: "same" })];
    expect(toResponse(buildReportOn(twice, [STORED, rejection])).batchItemFailures).toEqual([{ itemIdentifier: "same" }]);
  });
});

describe("the receive count", () => {
  test.each([
    ["1", 1],
    ["2", 2],
    ["1000", 1000],
  ])("is the number that SQS sends: %s", (text, count) => {
    const { attributes, ...rest } = record();
    expect(readReceiveCount({ ...rest, attributes: { ...attributes, ApproximateReceiveCount: text } })).toBe(count);
  });

  test.each(["", "0", "-1", "1.5", "many", "1e400"])("is 1 if it cannot be read: %j", (text) => {
    const { attributes, ...rest } = record();
    expect(readReceiveCount({ ...rest, attributes: { ...attributes, ApproximateReceiveCount: text } })).toBe(1);
  });

  test("is 1 if a hand-made event has no attributes", () => {
    const { attributes: _, ...bare } = record();
    expect(readReceiveCount(bare as ReturnType<typeof record>)).toBe(1);
  });
});
