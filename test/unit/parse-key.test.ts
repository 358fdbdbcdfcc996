import { describe, expect, test } from "@jest/globals";
import { parse } from "../../lambda/ingest/parse.ts";
import { date, definePipeline, type Pipeline, text } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { login, type RecordOptions, record, SENT } from "../support/records.ts";

const ID = "7bd61c09-1a2b-4c3d-8e4f-5a6b7c8d9e0f";
const DAY = 24 * 60 * 60 * 1000;

const byEventId = definePipeline({
  name: "by-event-id",
  table: "events",
  once: "event-id",
  columns: { user_id: text({ max: 128, required: true }), create_date: date({ otherwise: "sent" }) },
});

/** Reads the key of a message, or its rejection. */
function readKey(body: unknown, options: RecordOptions = {}, pipeline: Pipeline = userLogins) {
  const parsed = parse(record(body, { messageId: "m-1", ...options }), pipeline);
  return parsed.kind === "message" ? parsed.key : parsed;
}
const because = (code: string, field: string) => ({ kind: "rejected", code, field, sqlstate: null });

describe("the date of a row", () => {
  test.each([
    ["2026-02-28", "2026-02-28"],
    ["2026-02-28T23:30:00Z", "2026-02-28"],
    ["2026-02-28T23:30:00-01:00", "2026-03-01"],
    ["2026-02-28 23:30:00.5", "2026-02-28"],
  ])("is the one in the body, in UTC: %s is %s", (create_date, day) => {
    expect(readKey(login({ create_date }))).toEqual({ date: day, id: "m-1" });
  });

  test.each([
    [Date.UTC(2026, 2, 1), "2026-03-01"],
    [Date.UTC(2026, 2, 1) - 1, "2026-02-28"],
  ])("is otherwise the date of sending, in UTC: %i is %s", (sent, day) => {
    expect(readKey(login(), { sent })).toEqual({ date: day, id: "m-1" });
    expect(readKey(login({ create_date: null }), { sent })).toEqual({ date: day, id: "m-1" });
  });

  test("does not change with a redelivery", () => {
    expect(readKey(login(), { receiveCount: 9 })).toEqual(readKey(login(), { receiveCount: 1 }));
  });

  test("is a missing_field if a hand-made record has no time of sending", () => {
    const { attributes: _, ...bare } = record(login());
    expect(parse(bare as ReturnType<typeof record>, userLogins)).toEqual(because("missing_field", "create_date"));
  });
});

describe("a redriven message", () => {
  const redriven = { "masqueue-id": ID, "masqueue-sent": String(SENT) };

  test("keeps its first id and, after midnight, its first date", () => {
    expect(readKey(login(), { messageId: "m-2", sent: SENT + DAY, attributes: redriven })).toEqual({ date: "2026-03-01", id: ID });
  });

  test("is the same row if its first id is written in capitals", () => {
    expect(readKey(login(), { attributes: { ...redriven, "masqueue-id": ID.toUpperCase() } })).toEqual({ date: "2026-03-01", id: ID });
  });

  test("keeps the date in its body, which takes precedence over any time of sending", () => {
    expect(readKey(login({ create_date: "2026-01-31" }), { attributes: redriven })).toEqual({ date: "2026-01-31", id: ID });
  });

  test.each(["", "m-1", `${ID}0`, ` ${ID}`, ID.replaceAll("-", ""), `${ID.slice(0, -1)}g`, "'; --"])(
    "has the id of its delivery if masqueue-id is not a UUID: %j",
    (id) => {
      expect(readKey(login(), { attributes: { "masqueue-id": id } })).toEqual({ date: "2026-03-01", id: "m-1" });
    },
  );

  test.each(["", "-1", "1.5e12", "yesterday", "2026-02-28", "9999999999999999"])(
    "has the date of its delivery if masqueue-sent is not a time in milliseconds: %j",
    (sent) => {
      expect(readKey(login(), { attributes: { "masqueue-sent": sent } })).toEqual({ date: "2026-03-01", id: "m-1" });
    },
  );

  test("is recognised by its attributes, not by its body", () => {
    expect(readKey(login({ "masqueue-id": ID, "masqueue-sent": "0" }))).toEqual({ date: "2026-03-01", id: "m-1" });
  });
});

describe("a producer's event-id", () => {
  const attributes = { "event-id": "order:42", "event-time": "2026-01-31T23:30:00-01:00" };

  test("is ignored if the pipeline does not use it, valid or not", () => {
    expect(readKey(login(), { attributes })).toEqual({ date: "2026-03-01", id: "m-1" });
    expect(readKey(login(), { attributes: { "event-id": "no good", "event-time": "never" } })).toEqual({ date: "2026-03-01", id: "m-1" });
  });

  test("is the row's id, with the date of event-time", () => {
    expect(readKey(login(), { attributes }, byEventId)).toEqual({ date: "2026-02-01", id: "order:42" });
  });

  test("is the row's id, and the date of the body takes precedence over event-time", () => {
    expect(readKey(login({ create_date: "2026-01-15" }), { attributes }, byEventId)).toEqual({ date: "2026-01-15", id: "order:42" });
  });

  test("takes precedence over masqueue-id, so that a redrive finds the row of the first delivery", () => {
    const redriven = { ...attributes, "masqueue-id": ID, "masqueue-sent": String(SENT) };
    expect(readKey(login(), { attributes: redriven }, byEventId)).toEqual({ date: "2026-02-01", id: "order:42" });
  });

  test("needs a date that no delivery can change, so a time of sending is not enough", () => {
    const dateless = { "event-id": "order:42" };
    expect(readKey(login(), { attributes: dateless }, byEventId)).toEqual(because("missing_field", "create_date"));
    expect(readKey(login(), { attributes: { ...dateless, "masqueue-sent": String(SENT) } }, byEventId)).toEqual(
      because("missing_field", "create_date"),
    );
  });

  test("with an impossible event-time is a bad_date, unless the body has the date", () => {
    const impossible = { "event-id": "order:42", "event-time": "2026-02-30" };
    expect(readKey(login(), { attributes: impossible }, byEventId)).toEqual(because("bad_date", "event-time"));
    expect(readKey(login({ create_date: "2026-01-15" }), { attributes: impossible }, byEventId)).toMatchObject({ id: "order:42" });
  });

  test.each(["a", "x".repeat(128), "A-Z.a_z:0-9"])("may be %s", (id) => {
    expect(readKey(login(), { attributes: { ...attributes, "event-id": id } }, byEventId)).toEqual({ date: "2026-02-01", id });
  });

  test.each(["", " ", "a b", "x".repeat(129), "a\n", "é", "a/b", "alice@example.org"])("is a bad_event_id if it is %j", (id) => {
    expect(readKey(login(), { attributes: { ...attributes, "event-id": id } }, byEventId)).toEqual(because("bad_event_id", "event-id"));
  });

  test("may be absent; then the message's id and time are used", () => {
    expect(readKey(login(), {}, byEventId)).toEqual({ date: "2026-03-01", id: "m-1" });
    expect(readKey(login(), { attributes: { "masqueue-id": ID } }, byEventId)).toEqual({ date: "2026-03-01", id: ID });
  });
});
