import { describe, expect, test } from "@jest/globals";
import { useFixture } from "../support/fixture.ts";
import { login, record, SENT } from "../support/records.ts";

const fixture = useFixture();

/** Stores one message. @returns its row */
async function storeMessage(body: unknown, options: Parameters<typeof record>[1] = {}): Promise<Record<string, unknown> | undefined> {
  const message = record(body, options);
  expect(await fixture.lambda.failures([message])).toEqual([]);
  const [row] = await fixture.database.rows("SELECT *, create_date::text FROM user_logins WHERE message_id = $1", [message.messageId]);
  return row;
}

const TOKEN = expect.stringMatching(/^v1\.[0-9a-f]{32}$/);

describe("a login", () => {
  test("is stored with its personal fields masked", async () => {
    const message = record();
    expect(await fixture.lambda.invoke([message])).toEqual({ batchItemFailures: [] });
    expect(await fixture.database.rows("SELECT *, create_date::text FROM user_logins")).toEqual([
      {
        user_id: "424cdd21-063a-43a7-b91b-7ca1a833afae",
        device_type: "android",
        masked_ip: TOKEN,
        masked_device_id: TOKEN,
        locale: "RU",
        app_version: "2.3.0",
        create_date: "2026-03-01",
        message_id: message.messageId,
      },
    ]);
    expect(await fixture.rejected()).toEqual([]);
  });

  test.each([
    ["null", { device_type: null, ip: null, device_id: null, locale: null, app_version: null, create_date: null }],
    ["absent", { device_type: undefined, ip: undefined, device_id: undefined, locale: undefined, app_version: undefined }],
  ])("with every field but user_id %s has NULL in their columns", async (_what, fields) => {
    expect(await storeMessage(login({ user_id: "u", ...fields }))).toEqual({
      user_id: "u",
      device_type: null,
      masked_ip: null,
      masked_device_id: null,
      locale: null,
      app_version: null,
      create_date: "2026-03-01",
      message_id: expect.any(String),
    });
  });

  test.each(["", " ", "\t\n "])("whose ip and device id are %j has NULL for both, because they identify no person", async (blank) => {
    expect(await storeMessage(login({ ip: blank, device_id: blank }))).toMatchObject({ masked_ip: null, masked_device_id: null });
  });

  test.each([
    [2, "2"],
    [2.3, "2.3"],
    ["2.3.0", "2.3.0"],
  ])("with app_version %j has the text %j", async (app_version, text) => {
    expect(await storeMessage(login({ app_version }))).toMatchObject({ app_version: text });
  });

  test.each([
    ["user_id", 128],
    ["device_type", 32],
    ["locale", 32],
    ["app_version", 32],
  ])("may fill %s with %i characters of several bytes each", async (field, max) => {
    const longest = "🦊".repeat(max);
    expect(await storeMessage(login({ [field]: longest }))).toMatchObject({ [field]: longest });
  });

  test("may have an ip and a device id longer than their columns, because only tokens are stored", async () => {
    expect(await storeMessage(login({ ip: "x".repeat(1000), device_id: "y".repeat(1000) }))).toMatchObject({
      masked_ip: TOKEN,
      masked_device_id: TOKEN,
    });
  });
});

describe("fields that the table does not have", () => {
  test("are not stored, but counted, and named if several messages have them", async () => {
    const messages = [login({ os: "x", "a b": 1 }), login({ os: "y", alice: 1 }), login()].map((body) => record(body));
    expect(await fixture.lambda.failures(messages)).toEqual([]);
    expect(await fixture.stored()).toEqual(messages.map(({ messageId }) => messageId).sort());
    expect(fixture.lambda.reports.last.unknownFields).toEqual({ count: 4, names: ["os"], messages: [2] });
    expect(await fixture.database.rows("SELECT pipeline, field, messages FROM unknown_fields")).toEqual([
      { pipeline: "user-logins", field: "os", messages: 2 },
    ]);
  });

  test("are not named if the name is not a plain identifier of up to 64 characters", async () => {
    const odd = { "alice@example.org": 1, [`a${"b".repeat(64)}`]: 1, "1st": 1 };
    await fixture.lambda.invoke([record(login(odd)), record(login(odd))]);
    expect(fixture.lambda.reports.last.unknownFields).toEqual({ count: 6, names: [], messages: [] });
    expect(await fixture.database.rows("SELECT FROM unknown_fields")).toEqual([]);
  });
});

describe("the date of a row", () => {
  test.each([
    ["2024-02-29", "2024-02-29"],
    ["2026-01-01T00:30:00+01:00", "2025-12-31"],
    ["2026-01-01T23:30:00-01:00", "2026-01-02"],
    ["2026-01-01T12:00:00Z", "2026-01-01"],
    ["2026-01-01T12:00:00.123Z", "2026-01-01"],
  ])("is create_date %s of the message, in UTC: %s", async (create_date, date) => {
    expect(await storeMessage(login({ create_date }))).toMatchObject({ create_date: date });
  });

  test.each([
    [Date.UTC(2026, 1, 28, 23, 59, 59, 999), "2026-02-28"],
    [Date.UTC(2026, 2, 1), "2026-03-01"],
  ])("is otherwise the date of the sent time %i in UTC: %s", async (sent, date) => {
    expect(await storeMessage(login(), { sent })).toMatchObject({ create_date: date });
  });

  test("comes from the sent time, even if the delivery is late", async () => {
    expect(await storeMessage(login(), { sent: SENT, receiveCount: 3 })).toMatchObject({ create_date: "2026-03-01" });
  });
});
