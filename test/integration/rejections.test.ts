import { describe, expect, test } from "@jest/globals";
import { useFixture } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";

const fixture = useFixture();

const DATE_FIELDS = ["2026-02-30", "2025-02-29", "2026-13-01", "yesterday", "", "2026-01-01T25:00:00Z", "01/02/2026"];
const SNS = { Type: "Notification", MessageId: "1", TopicArn: "arn:aws:sns:us-east-1:000000000000:logins", Message: "{}" };
const EVENTBRIDGE = { version: "0", "detail-type": "login", source: "app", detail: { user_id: "u" } };

describe("a message that can never be stored", () => {
  test.each<[string, unknown, string, string | null]>([
    ["is empty", "", "not_json", null],
    ["is not JSON", "{user_id: 1}", "not_json", null],
    ["is cut off", '{"user_id": "u', "not_json", null],
    ["is a list", "[]", "not_an_object", null],
    ["is null", "null", "not_an_object", null],
    ["is a string", '"user"', "not_an_object", null],
    ["is a number", "7", "not_an_object", null],
    ["has no user_id", login({ user_id: undefined }), "missing_field", "user_id"],
    ["has a null user_id", login({ user_id: null }), "missing_field", "user_id"],
    ["is of another type", { foo: "oops_wrong_msg_type", bar: "123" }, "missing_field", "user_id"],
    ["has a number for user_id", login({ user_id: 7 }), "wrong_type", "user_id"],
    ["has an object for locale", login({ locale: { a: 1 } }), "wrong_type", "locale"],
    ["has a boolean for app_version", login({ app_version: true }), "wrong_type", "app_version"],
    ["has a list for ip", login({ ip: ["1.2.3.4"] }), "wrong_type", "ip"],
    ["has a number for device_id", login({ device_id: 5 }), "wrong_type", "device_id"],
    ["has a number for create_date", login({ create_date: 20260101 }), "wrong_type", "create_date"],
    ["has 129 characters of user_id", login({ user_id: "é".repeat(129) }), "too_long", "user_id"],
    ["has 33 characters of device_type", login({ device_type: "d".repeat(33) }), "too_long", "device_type"],
    ["has 33 characters of locale", login({ locale: "🦊".repeat(33) }), "too_long", "locale"],
    ["has 33 characters of app_version", login({ app_version: "1".repeat(33) }), "too_long", "app_version"],
    ["has a NUL in user_id", login({ user_id: "a\0b" }), "nul_character", "user_id"],
    ["has a NUL in ip", login({ ip: "1.2.3.4\0" }), "nul_character", "ip"],
    ["has a lone surrogate in locale", login({ locale: "\ud800" }), "lone_surrogate", "locale"],
    ["has a lone surrogate in device_id", login({ device_id: "\udc00x" }), "lone_surrogate", "device_id"],
    ...DATE_FIELDS.map((date): [string, unknown, string, string] => [
      `has create_date ${JSON.stringify(date)}`,
      login({ create_date: date }),
      "bad_date",
      "create_date",
    ]),
    ["is an SNS envelope", SNS, "wrapped", "Message"],
    ["is an EventBridge envelope", EVENTBRIDGE, "wrapped", "detail"],
  ])("because it %s is rejected with code and field, and no other message is", async (_why, body, code, field) => {
    const [bad, good] = [record(body), record()];
    expect(await fixture.lambda.failures([bad, good])).toEqual([bad.messageId]);
    expect(await fixture.stored()).toEqual([good.messageId]);
    expect(await fixture.rejected()).toEqual([{ message_id: bad.messageId, code, field, sqlstate: null }]);
  });

  test.each([
    [SNS, "Message"],
    [EVENTBRIDGE, "detail"],
  ])("because it is an envelope is reported with the field that holds the event", async (body, field) => {
    await fixture.lambda.invoke([record(body)]);
    expect(fixture.lambda.reports.last.rejected).toMatchObject([{ code: "wrapped", field }]);
  });

  test("needs only the statement that writes its rejection", async () => {
    await fixture.lambda.invoke([record()]);
    fixture.proxy.takeStatements();
    await fixture.lambda.invoke([record("x"), record("y")]);
    expect(fixture.proxy.takeStatements()).toEqual(["INSERT"]);
    expect(await fixture.rejected()).toHaveLength(2);
  });
});

describe("the table of rejections", () => {
  test("has a row for each delivery, and its view has one for each message", async () => {
    const messageId = record().messageId;
    for (const receiveCount of [1, 2, 3]) await fixture.lambda.invoke([record("x", { messageId, receiveCount })]);
    expect(await fixture.database.rows("SELECT pipeline, receive_count FROM rejections ORDER BY id")).toEqual(
      [1, 2, 3].map((receive_count) => ({ pipeline: "user-logins", receive_count })),
    );
    expect(
      await fixture.database.rows("SELECT pipeline, message_id, code, field, sqlstate, deliveries::int FROM rejected_messages"),
    ).toEqual([{ pipeline: "user-logins", message_id: messageId, code: "not_json", field: null, sqlstate: null, deliveries: 3 }]);
  });

  test("may be missing: the batch is committed, and the loss is reported", async () => {
    await fixture.lambda.invoke([record()]);
    await fixture.sql("DROP TABLE rejections CASCADE");
    const [bad, good] = [record("x"), record()];
    expect(await fixture.lambda.failures([bad, good])).toEqual([bad.messageId]);
    expect(await fixture.stored()).toContain(good.messageId);
    expect(fixture.lambda.reports.lost).toEqual(["42P01"]);
  });
});

test("an event that is not an SQS event fails as a whole", async () => {
  const nameless = record(login(), { messageId: "" });
  await expect(fixture.lambda.invoke([record(), nameless])).rejects.toMatchObject({ code: "not_an_sqs_event" });
  expect(await fixture.stored()).toEqual([]);
});
