import { format, inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { mask } from "../../lambda/ingest/mask.ts";
import { parse } from "../../lambda/ingest/parse.ts";
import { reveal, Sensitive } from "../../lambda/masking/sensitive.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { login, record } from "../support/records.ts";

const CANARY = "203.0.113.77";
const secret = new Sensitive({ ip: CANARY });

function message() {
  const parsed = parse(record(login({ user_id: CANARY, ip: CANARY, [CANARY]: CANARY }), { messageId: "m-1" }), userLogins);
  if (parsed.kind === "rejected") throw new Error(parsed.code);
  return parsed;
}
const row = () => mask(message(), [0], userLogins, (_spec, value) => ({ token: `token of ${value}`, asText: false })).row;

/** The ways in which code prints a value by accident. */
const PRINTERS: [string, (thing: object) => string][] = [
  ["JSON.stringify", (thing) => JSON.stringify(thing)],
  ["JSON.stringify, nested", (thing) => JSON.stringify({ a: [thing], b: { thing } })],
  ["util.inspect", (thing) => inspect(thing)],
  ["util.inspect, nested", (thing) => inspect({ a: [{ b: { thing } }] }, { depth: null })],
  ["util.inspect with every option", (thing) => inspect(thing, { showHidden: true, depth: null, getters: true, showProxy: true })],
  ["util.inspect without custom forms", (thing) => inspect(thing, { customInspect: false, showHidden: true, depth: null })],
  ["the format of console.log", (thing) => format("%s %o %O %j %d", thing, thing, thing, thing, thing, thing)],
  ["a template string", (thing) => `${thing}`],
  ["String()", (thing) => String(thing)],
  ["concatenation", (thing) => `it is ${[thing].join()}`],
  ["an error's message", (thing) => inspect(new Error(String(thing)))],
  ["an error's properties", (thing) => inspect(Object.assign(new Error("failed"), { thing }))],
  ["its members", (thing) => JSON.stringify(Object.entries(thing))],
  ["its own property names and values", (thing) => inspect(Object.getOwnPropertyDescriptors(thing), { depth: null })],
  ["a spread", (thing) => JSON.stringify({ ...thing })],
  ["a structured clone", (thing) => inspect(structuredClone(thing), { depth: null })],
];

describe("a sensitive value", () => {
  test.each(PRINTERS)("is not printed by %s", (_name, print) => {
    expect(print(secret)).not.toContain(CANARY);
  });

  test("prints as [redacted]", () => {
    expect(JSON.stringify({ ip: secret })).toBe('{"ip":"[redacted]"}');
    expect(inspect({ ip: secret })).toBe("{ ip: [redacted] }");
    expect(format(secret)).toBe("[redacted]");
    expect(`${secret}`).toBe("[redacted]");
  });

  test("has no members", () => {
    expect(Object.keys(secret)).toEqual([]);
    expect(Reflect.ownKeys(secret)).toEqual([]);
  });

  test("is opened only by reveal, which returns it unchanged", () => {
    const value = { ip: CANARY };
    expect(reveal(new Sensitive(value))).toBe(value);
    expect(() => reveal(Object.create(Sensitive.prototype) as Sensitive<string>)).toThrow(TypeError);
  });
});

describe("a parsed message", () => {
  test.each(PRINTERS)("shows nothing of its body by %s", (_name, print) => {
    expect(print(message())).not.toContain(CANARY);
  });

  test("shows its key, which is not a personal value", () => {
    expect(JSON.parse(JSON.stringify(message()))).toEqual({
      kind: "message",
      key: { date: "2026-03-01", id: "m-1" },
      values: "[redacted]",
      unknownFields: "[redacted]",
    });
  });
});

describe("a masked row", () => {
  test.each(PRINTERS)("shows none of its cells by %s", (_name, print) => {
    expect(print(row())).not.toContain(CANARY);
  });

  test("prints as [masked row]", () => {
    expect(JSON.stringify([row()])).toBe('["[masked row]"]');
    expect(inspect({ row: row() })).toBe("{ row: [masked row] }");
  });

  test("has its key and its positions as members, and returns its cells only from a method", () => {
    expect(Object.keys(row()).sort()).toEqual(["key", "positions"]);
    expect(row().cells()).toEqual([CANARY, "android", `token of ${CANARY}`, "token of 593-47-5928", "RU", "2.3.0", "2026-03-01", "m-1"]);
  });
});
