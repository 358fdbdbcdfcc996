import { describe, expect, test } from "@jest/globals";
import { parse } from "../../lambda/ingest/parse.ts";
import { date, definePipeline, text } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { REJECTION_CODES } from "../../lambda/rows/outcome.ts";
import { login, type RecordOptions, record } from "../support/records.ts";

/** Parses a body; the tests expect its rejection. */
const rejection = (body: unknown, options: RecordOptions = {}, pipeline = userLogins) => parse(record(body, options), pipeline);
const because = (code: string, field: string | null) => ({ kind: "rejected", code, field, sqlstate: null });

describe("a body that is not a JSON object", () => {
  test.each(["", " ", "oops", "{", '{"user_id":"u"', "{'user_id':'u'}", '{"a":1}{"b":2}', "undefined", "NaN", "\uFEFF{}", '{"a":"\n"}'])(
    "is not_json: %j",
    (body) => {
      expect(rejection(body)).toEqual(because("not_json", null));
    },
  );

  test.each(["null", "true", "0", '"text"', "[]", '[{"user_id":"u"}]'])("is not_an_object: %s", (body) => {
    expect(rejection(body)).toEqual(because("not_an_object", null));
  });
});

describe("a login without a user", () => {
  test.each([{}, { user_id: null }, { foo: "oops_wrong_msg_type", bar: "123" }, { User_id: "u" }])("is a missing_field: %j", (body) => {
    expect(rejection(body)).toEqual(because("missing_field", "user_id"));
  });

  test("is not completed by inherited properties", () => {
    expect(rejection('{"__proto__":{"user_id":"u"}}')).toEqual(because("missing_field", "user_id"));
    const inherited = definePipeline({
      name: "odd",
      table: "odd",
      columns: { constructor: text({ max: 8, required: true }), day: date({ otherwise: "sent" }) },
    });
    expect(rejection({}, {}, inherited)).toEqual(because("missing_field", "constructor"));
    expect(rejection({ constructor: "c" }, {}, inherited)).toMatchObject({ kind: "message" });
  });
});

describe("a field of a wrong type", () => {
  const fields = ["user_id", "device_type", "ip", "device_id", "locale", "app_version", "create_date"];
  test.each(fields)("is a wrong_type if it is a boolean, a list or an object: %s", (field) => {
    for (const value of [true, false, [], ["x"], {}, { toString: "x" }]) {
      expect(rejection(login({ [field]: value }))).toEqual(because("wrong_type", field));
    }
  });

  test("is a wrong_type if it is a number beyond the range of a double", () => {
    expect(rejection('{"user_id":"u","app_version":1e400}')).toEqual(because("wrong_type", "app_version"));
  });

  test.each(fields.filter((field) => field !== "app_version"))(
    "is a wrong_type if it is a number, because ids would lose digits: %s",
    (field) => {
      for (const value of [0, 1, 2.3, Number.MAX_SAFE_INTEGER, 1e21]) {
        expect(rejection(login({ [field]: value }))).toEqual(because("wrong_type", field));
      }
    },
  );
});

describe("a text that is longer than its column", () => {
  test.each([
    ["user_id", 128],
    ["device_type", 32],
    ["locale", 32],
    ["app_version", 32],
  ])("is too_long, counted in characters: %s", (field, max) => {
    for (const character of ["x", "é", "𝒳"]) {
      expect(rejection(login({ [field]: character.repeat(max + 1) }))).toEqual(because("too_long", field));
    }
  });
});

describe("a text that Postgres cannot store", () => {
  const fields = ["user_id", "device_type", "ip", "device_id", "locale", "app_version"];
  test.each(fields)("is a nul_character if it has a NUL, literal or escaped: %s", (field) => {
    expect(rejection(login({ [field]: "a\0b" }))).toEqual(because("nul_character", field));
    expect(rejection(`{"user_id":"u","${field}":"\\u0000"}`)).toEqual(because("nul_character", field));
  });

  test.each(fields)("is a lone_surrogate if it has a high one, a low one or two in the wrong order: %s", (field) => {
    for (const half of ["\\ud800", "a\\udfff", "\\udc00\\ud800"]) {
      expect(rejection(`{"user_id":"u","${field}":"${half}"}`)).toEqual(because("lone_surrogate", field));
    }
  });

  test("is not one in which two escapes make a pair", () => {
    expect(rejection('{"user_id":"\\ud835\\udcb3"}')).toMatchObject({ kind: "message" });
  });
});

describe("an impossible date", () => {
  test.each(["2026-02-30", "2026-13-01", "0000-01-01", "2026-03-01T25:00:00Z", "01.03.2026", "today", "", "\0", "\ud800"])(
    "is a bad_date: %j",
    (value) => {
      expect(rejection(login({ create_date: value }))).toEqual(because("bad_date", "create_date"));
    },
  );
});

describe("an envelope around the event", () => {
  const sns = { Type: "Notification", MessageId: "1", TopicArn: "arn:aws:sns:us-east-1:0:t", Message: JSON.stringify(login()) };
  const eventBridge = { version: "0", id: "1", "detail-type": "login", source: "app", detail: login() };

  test("of SNS is wrapped, with the field that holds the event", () => {
    expect(rejection(sns)).toEqual(because("wrapped", "Message"));
  });

  test("of EventBridge is wrapped, with the field that holds the event", () => {
    expect(rejection(eventBridge)).toEqual(because("wrapped", "detail"));
  });

  test("is recognised by all its fields, not by one that an application may have, too", () => {
    expect(rejection({ Type: "Notification", Message: "x" })).toEqual(because("missing_field", "user_id"));
    expect(rejection(login({ source: "app", detail: "x" }))).toMatchObject({ kind: "message" });
  });
});

describe("a rejection", () => {
  test("names only the first fault", () => {
    expect(rejection({ user_id: "x".repeat(129), locale: 1, create_date: "never" })).toEqual(because("too_long", "user_id"));
  });

  test("never quotes a value, only fields that the pipeline names", () => {
    const canary = "canary-203.0.113.7";
    const bodies = [`{"ip":"${canary}"`, [canary], { [canary]: canary }, login({ locale: canary.repeat(9), [canary]: 1 })];
    for (const body of bodies) expect(JSON.stringify(rejection(body))).not.toContain("canary");
  });

  test("has one of fifteen codes, which alarms and queries may rely on", () => {
    expect(Object.keys(REJECTION_CODES).sort()).toEqual([
      "bad_date",
      "bad_event_id",
      "lone_surrogate",
      "missing_field",
      "no_partition",
      "no_pipeline",
      "not_allowed",
      "not_an_object",
      "not_json",
      "nul_character",
      "out_of_range",
      "refused_by_database",
      "too_long",
      "wrapped",
      "wrong_type",
    ]);
  });
});
