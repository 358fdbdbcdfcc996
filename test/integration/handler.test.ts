import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Container, container } from "../support/container.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { login, record } from "../support/records.ts";

let database: TestDatabase;
let lambda: Container;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.client.query("TRUNCATE user_logins, rejections");
  lambda = container(database.config);
});
afterAll(() => database.drop());

describe("a message as it really comes", () => {
  test("is stored with its personal fields masked", async () => {
    const message = record();
    expect(await lambda.invoke([message])).toEqual({ batchItemFailures: [] });
    expect(await database.rows("SELECT *, create_date::text FROM user_logins")).toEqual([
      {
        user_id: "424cdd21-063a-43a7-b91b-7ca1a833afae",
        device_type: "android",
        masked_ip: expect.stringMatching(/^v1\.[0-9a-f]{64}$/),
        masked_device_id: expect.stringMatching(/^v1\.[0-9a-f]{64}$/),
        locale: "RU",
        app_version: "2.3.0",
        create_date: "2026-03-01",
        message_id: message.messageId,
      },
    ]);
    await lambda.close();
  });

  test("of another type is rejected, named and kept from holding up the others", async () => {
    const odd = record({ foo: "oops_wrong_msg_type", bar: "123" });
    expect(await lambda.failures([record(login({ locale: null })), odd])).toEqual([odd.messageId]);
    expect(await database.rows("SELECT pipeline, message_id, code, field, sqlstate, receive_count FROM rejections")).toEqual([
      { pipeline: "user-logins", message_id: odd.messageId, code: "missing_field", field: "user_id", sqlstate: null, receive_count: 1 },
    ]);
    await lambda.close();
  });
});
