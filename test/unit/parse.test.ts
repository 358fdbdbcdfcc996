import { describe, expect, test } from "@jest/globals";
import { parse } from "../../lambda/ingest/parse.ts";
import { reveal } from "../../lambda/masking/sensitive.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { login, type RecordOptions, record } from "../support/records.ts";

/** Parses a body. @returns its values by column, its key, and its undeclared fields */
function readBody(body: unknown, options: RecordOptions = {}) {
  const parsed = parse(record(body, options), userLogins);
  if (parsed.kind === "rejected") throw new Error(`${parsed.code} ${parsed.field}`);
  const values = reveal(parsed.values);
  const columns: Record<string, string | null> = Object.fromEntries(userLogins.columns.map(({ name }, i) => [name, values[i] ?? null]));
  return { columns, key: parsed.key, unknown: reveal(parsed.unknownFields) };
}

describe("a login as applications send it", () => {
  test("has each field in its column, and its key", () => {
    expect(readBody(login(), { messageId: "m-1" })).toEqual({
      key: { date: "2026-03-01", id: "m-1" },
      columns: {
        user_id: "424cdd21-063a-43a7-b91b-7ca1a833afae",
        device_type: "android",
        masked_ip: "199.172.111.135",
        masked_device_id: "593-47-5928",
        locale: "RU",
        app_version: "2.3.0",
        create_date: null,
      },
      unknown: [],
    });
  });

  test("may contain blanks and line feeds around and between its members", () => {
    expect(readBody(` ${JSON.stringify(login(), null, 2)}\r\n`).columns.user_id).toBe("424cdd21-063a-43a7-b91b-7ca1a833afae");
  });
});

describe("a field that is not required", () => {
  test.each([
    ["device_type", "device_type"],
    ["ip", "masked_ip"],
    ["device_id", "masked_device_id"],
    ["locale", "locale"],
    ["app_version", "app_version"],
  ])("is NULL if it is null or absent: %s", (field, column) => {
    const { [field]: _, ...without } = login();
    expect(readBody(without).columns).toMatchObject({ [column]: null, user_id: expect.any(String) });
    expect(readBody(login({ [field]: null })).columns).toMatchObject({ [column]: null });
  });

  test("is not filled from inherited properties", () => {
    expect(readBody({ user_id: "u" }).columns).toEqual({
      user_id: "u",
      device_type: null,
      masked_ip: null,
      masked_device_id: null,
      locale: null,
      app_version: null,
      create_date: null,
    });
  });
});

describe("a text", () => {
  test.each([
    ["user_id", 128],
    ["device_type", 32],
    ["locale", 32],
    ["app_version", 32],
  ])("may be as long as its column, counted in characters: %s", (field, max) => {
    for (const character of ["x", "é", "𝒳", "👍"]) {
      const value = character.repeat(max);
      expect(readBody(login({ [field]: value })).columns[field]).toBe(value);
    }
  });

  test("is kept unchanged if it is empty, blank or has characters that COPY treats specially", () => {
    for (const value of ["", "  ", "\\N", "\\.", "a\tb\nc\r\\d", "\u0001\u007f\ufffe"]) {
      expect(readBody(login({ locale: value })).columns.locale).toBe(value);
    }
  });
});

describe("a masked field", () => {
  test("may be of any length, because only its token is stored", () => {
    const value = "9".repeat(10_000);
    expect(readBody(login({ ip: value, device_id: value })).columns).toMatchObject({ masked_ip: value, masked_device_id: value });
  });

  test("may be empty or blank, which masks to NULL", () => {
    expect(readBody(login({ ip: "", device_id: "  " })).columns).toMatchObject({ masked_ip: "", masked_device_id: "  " });
  });
});

describe("app_version as a number", () => {
  test.each([
    ["2", "2"],
    ["2.3", "2.3"],
    ["2.30", "2.3"],
    ["0", "0"],
    ["-1", "-1"],
  ])("is stored as text: %s becomes %s", (json, stored) => {
    expect(readBody(`{"user_id":"u","app_version":${json}}`).columns.app_version).toBe(stored);
  });
});

describe("unknown fields", () => {
  test("leave the row unchanged and are passed on by name", () => {
    const extra = readBody(login({ country: "CH", masked_ip: "x", message_id: "y" }));
    expect(extra.columns).toEqual(readBody(login()).columns);
    expect(extra.unknown).toEqual(["country", "masked_ip", "message_id"]);
  });

  test("may have the names of inherited properties", () => {
    const names = ["__proto__", "constructor", "hasOwnProperty", "toString", "prototype"];
    const body = `{"user_id":"u",${names.map((name) => `"${name}":{"user_id":"x"}`).join()}}`;
    expect(readBody(body)).toMatchObject({ columns: { user_id: "u" }, unknown: names });
  });

  test("may hold any value, even one that a declared field may not hold", () => {
    const hostile = { a: "\0", b: "\ud800", c: [[[]]], d: { ip: "x" }, e: 1e308, f: "x".repeat(100_000) };
    expect(readBody(login(hostile)).unknown).toEqual(Object.keys(hostile));
  });

  test("do not include a repeated field, of which the last value counts, as in JSON", () => {
    expect(readBody('{"user_id":"a","user_id":"b"}').columns.user_id).toBe("b");
  });
});
