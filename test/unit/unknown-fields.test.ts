import { describe, expect, test } from "@jest/globals";
import type { Message } from "../../lambda/ingest/parse.ts";
import { parse } from "../../lambda/ingest/parse.ts";
import { UnknownFieldCounter } from "../../lambda/ingest/unknown-fields.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { login, record } from "../support/records.ts";

/** Parses a batch of logins, each with additional fields. */
function parseBatch(...extras: Record<string, unknown>[]): Message[] {
  return extras.map((extra) => {
    const parsed = parse(record(login(extra)), userLogins);
    if (parsed.kind === "rejected") throw new Error(parsed.code);
    return parsed;
  });
}

function countUnknown(messages: readonly Message[]) {
  const count = new UnknownFieldCounter();
  for (const message of messages) count.add(message);
  const { messages: _, ...total } = count.total;
  return total;
}

const twice = (...names: string[]) => {
  const extra = Object.fromEntries(names.map((name) => [name, 1]));
  return countUnknown(parseBatch(extra, extra));
};

describe("fields that the pipeline does not declare", () => {
  test("are none if every field is declared", () => {
    expect(countUnknown(parseBatch({}, { create_date: "2026-03-01" }))).toEqual({ count: 0, names: [] });
    expect(countUnknown([])).toEqual({ count: 0, names: [] });
  });

  test("are counted in each message, whether or not they are named", () => {
    expect(countUnknown(parseBatch({ country: "CH", os: 14 }, { country: null }, { "a b": 1 }))).toEqual({ count: 4, names: ["country"] });
  });

  test("are not named if only one message has them", () => {
    expect(countUnknown(parseBatch({ country: "CH" }, { os: 14 }))).toEqual({ count: 2, names: [] });
  });

  test("are named in alphabetical order, each once", () => {
    expect(countUnknown(parseBatch({ os: 1, country: 1 }, { country: 1, os: 1 }, { os: 1 }))).toEqual({
      count: 5,
      names: ["country", "os"],
    });
  });

  test("include the names of masked columns, which senders do not use", () => {
    expect(twice("masked_ip")).toEqual({ count: 2, names: ["masked_ip"] });
  });

  test.each(["alice@example.org", "203.0.113.7", "2001:db8::1", "593-47-5928", "4242", "first name", "naïve", "a\nb", "", "x".repeat(65)])(
    "are not named if the name is not a plain identifier of up to 64 characters: %j",
    (name) => {
      expect(twice(name)).toEqual({ count: 2, names: [] });
    },
  );

  test.each(["country", "_private", "osVersion2", "constructor", "hasOwnProperty", "x".repeat(64)])(
    "are named if the name is a plain identifier: %s",
    (name) => {
      expect(twice(name)).toEqual({ count: 2, names: [name] });
    },
  );

  test("are named if the name is __proto__, which JSON allows", () => {
    const body = '{"user_id":"u","__proto__":{"ip":"x"}}';
    const messages = [0, 1].map(() => parse(record(body), userLogins) as Message);
    expect(countUnknown(messages)).toEqual({ count: 2, names: ["__proto__"] });
  });

  test("are all counted, but at most twenty are named", () => {
    const names = Array.from({ length: 30 }, (_, i) => `field_${String(i).padStart(2, "0")}`);
    expect(twice(...names)).toEqual({ count: 60, names: names.slice(0, 20) });
  });
});
