import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parse } from "../../lambda/ingest/parse.ts";
import { readEvent } from "../../lambda/ingest/read-event.ts";
import { reveal } from "../../lambda/masking/sensitive.ts";
import { bigint, date, definePipeline, type EnvelopeKind, meta, type Pipeline, text } from "../../lambda/pipelines/pipeline.ts";
import { type RecordOptions, record, SENT } from "../support/records.ts";

const TIME = "2026-02-28T23:30:00.500Z";

const sns = (event: unknown, more: object = {}) => ({
  ...{ Type: "Notification", MessageId: "n-1", TopicArn: "arn:aws:sns:eu-west-1:111122223333:logins", Timestamp: TIME },
  ...{ Message: typeof event === "string" ? event : JSON.stringify(event), SignatureVersion: "1", ...more },
});
const eventbridge = (event: unknown, more: object = {}) => ({
  ...{ version: "0", id: "e-1", "detail-type": "login", source: "shop", account: "111122223333", time: TIME, region: "eu-west-1" },
  ...{ resources: [], detail: event, ...more },
});
const WRAP = { sns, eventbridge };

const declare = (unwrap: EnvelopeKind | undefined, once: Pipeline["once"] = "message-id") =>
  definePipeline({
    ...{ name: "logins", table: "logins", once, ...(unwrap && { unwrap }) },
    columns: { user_id: text({ max: 8 }), number: bigint(), sent_at: meta("sent"), day: date({ otherwise: "sent" }) },
  });

/** The user, the time of sending and the day of a message's row, and its undeclared fields; or its rejection. */
function read(body: unknown, unwrap: EnvelopeKind | undefined, options: RecordOptions = {}, once?: Pipeline["once"]) {
  const parsed = parse(record(body, options), declare(unwrap, once));
  if (parsed.kind === "rejected") return `${parsed.code} ${parsed.field}`;
  const [user, , sent] = reveal(parsed.values);
  return { user, sent, day: parsed.key.date, unknown: reveal(parsed.unknownFields) };
}

describe.each(["sns", "eventbridge"] as const)("an envelope of %s", (kind) => {
  const wrap = WRAP[kind];

  test("is taken off, and its time is the time of sending", () => {
    expect(read(wrap({ user_id: "u", extra: 1 }), kind)).toEqual({
      user: "u",
      sent: "2026-02-28T23:30:00.5Z",
      day: "2026-02-28",
      unknown: ["extra"],
    });
  });

  test("is not needed: a bare event is taken as it is", () => {
    expect(read({ user_id: "u" }, kind)).toEqual({ user: "u", sent: "2026-03-01T12:00:00Z", day: "2026-03-01", unknown: [] });
  });

  test("is rejected as wrapped if the pipeline does not unwrap it, or unwraps another one", () => {
    const field = kind === "sns" ? "Message" : "detail";
    expect(read(wrap({ user_id: "u" }), undefined)).toBe(`wrapped ${field}`);
    expect(read(wrap({ user_id: "u" }), kind === "sns" ? "eventbridge" : "sns")).toBe(`wrapped ${field}`);
  });

  test("is rejected as wrapped inside another envelope, of either kind", () => {
    expect(read(wrap(sns({ user_id: "u" })), kind)).toBe("wrapped Message");
    expect(read(wrap(eventbridge({ user_id: "u" })), kind)).toBe("wrapped detail");
  });

  test.each(["yesterday", "", 1772366400, null, { toString: 1 }, "0000-01-01T00:00:00Z"])(
    "gives way to the time of SQS if its time is %j",
    (time) => {
      expect(read(wrap({ user_id: "u" }, { Timestamp: time, time }), kind)).toMatchObject({
        sent: "2026-03-01T12:00:00Z",
        day: "2026-03-01",
      });
    },
  );

  test("is older than our redrive, so its time wins", () => {
    const attributes = { "masqueue-id": "7bd61c09-1a2b-4c3d-8e4f-5a6b7c8d9e0f", "masqueue-sent": String(SENT + 86_400_000) };
    expect(read(wrap({ user_id: "u" }), kind, { attributes })).toMatchObject({ sent: "2026-02-28T23:30:00.5Z", day: "2026-02-28" });
  });

  test("does not date a message with an event-id, because a producer's retry is a new envelope", () => {
    expect(read(wrap({ user_id: "u" }), kind, { attributes: { "event-id": "e" } }, "event-id")).toBe("missing_field day");
  });

  test.each([null, 1, true, [], ["x"], '"text"', "[1]"])("with %j in place of an event is not_an_object, or not_json", (event) => {
    expect(read(wrap(event), kind)).toMatch(/^not_(an_object|json) null$/);
    expect(read({ ...wrap({}), Message: event, detail: event }, kind)).toMatch(/^not_(an_object|json) null$/);
  });
});

describe("an SNS envelope", () => {
  test.each(["", "oops", "{", "{'user_id': 'u'}"])("whose Message is not JSON is not_json: %j", (message) => {
    expect(read(sns(message), "sns")).toBe("not_json null");
  });

  test.each(['{"toString":1,"valueOf":1}', "12345678901234567890", "{}", "[]", "null"])(
    "whose Message is not a text is not_json: %s",
    (message) => {
      expect(read(`{"Type":"Notification","TopicArn":"a","Message":${message}}`, "sns")).toBe("not_json null");
    },
  );
});

describe("a number with more digits than a double", () => {
  test("is not an object, as a body, a Message or a detail", () => {
    const number = "12345678901234567890";
    expect(read(number, undefined)).toBe("not_an_object null");
    expect(read(sns(number), "sns")).toBe("not_an_object null");
    expect(read(`{"detail-type":"","source":"","detail":${number}}`, "eventbridge")).toBe("not_an_object null");
  });
});

test("any body, in any envelope, is read without an exception", () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom({ toString: 1 }, { toJSON: 1 }, { rawJSON: "1" }, "{}", '{"Message":"{}"}'));
  const name = fc.constantFrom("Type", "TopicArn", "Message", "Timestamp", "detail-type", "source", "detail", "time", "__proto__");
  const body = fc
    .array(fc.tuple(name, value), { maxLength: 9 })
    .map((members) => `{${members.map(([name, value]) => `"${name}":${JSON.stringify(value)}`).join()}}`);
  const options = fc.record({ unwrap: fc.constantFrom("sns" as const, "eventbridge" as const, undefined), keepsDigits: fc.boolean() });
  fc.assert(
    fc.property(fc.oneof(body, fc.string({ unit: "binary" })), options, (text, options) => {
      expect(["event", "rejected"]).toContain(readEvent(record(text), options).kind);
    }),
    { numRuns: 2_000 },
  );
});

test("a body nested 200,000 levels deep is read or rejected, with and without kept digits", () => {
  const deep = `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  for (const keepsDigits of [true, false])
    expect(["event", "rejected"]).toContain(readEvent(record(deep), { unwrap: undefined, keepsDigits }).kind);
});
