import { describe, expect, test } from "@jest/globals";
import { type Cell, compare, type Expected, type Found } from "../chaos/compare.ts";
import { findLeaks } from "../chaos/look.ts";
import { plantCanaries } from "../chaos/messages.ts";

const expected: Expected = {
  rows: new Map<string, Readonly<Record<string, Cell>>>([
    ["user_logins a", { user_id: "u", create_date: ["2026-03-01", "2026-03-02"] }],
    ["payments b", { quantity: "1", total: null }],
  ]),
  rejected: new Map([["c", "not_json - -"]]),
};

const rows: Found["rows"] = [
  { place: "payments b", cells: { quantity: "1", total: null } },
  { place: "user_logins a", cells: { user_id: "u", create_date: "2026-03-02" } },
];

const found: Found = {
  rows,
  reasons: [{ messageId: "c", reason: "not_json - -" }],
  deadLetters: ["c"],
  ...{ inQueue: 0, connections: 0, traces: [] },
};

/** The rows with a change in the cells of the login. */
const altered = (cells: object) => rows.map((row) => (row.place === "user_logins a" ? { ...row, cells: { ...row.cells, ...cells } } : row));

describe("the checks of the chaos run", () => {
  test("find nothing when all is there, whatever the order", () => {
    expect(compare(expected, found)).toEqual([]);
  });

  test.each<[string, Partial<Found>, string]>([
    ["a dropped row", { rows: rows.slice(1) }, "payments b: missing"],
    ["an added row", { rows: [...rows, { place: "payments x", cells: {} }] }, "payments x: no message has this row"],
    ["a row that is stored twice", { rows: [...rows, ...rows.slice(0, 1)] }, "payments b: stored twice"],
    ["an altered cell", { rows: altered({ user_id: "v" }) }, "user_logins a: user_id is wrong"],
    ["a cell that became NULL", { rows: altered({ user_id: null }) }, "user_logins a: user_id is wrong"],
    ["a day that is neither of two", { rows: altered({ create_date: "2026-03-03" }) }, "user_logins a: create_date is wrong"],
    ["an absent reason", { reasons: [] }, "message c: no row in rejections"],
    [
      "another reason",
      { reasons: [...found.reasons, { messageId: "c", reason: "bad_date at -" }] },
      "message c: rejected as bad_date at -, expected not_json - -",
    ],
    [
      "a rejected valid message",
      { reasons: [...found.reasons, { messageId: "a", reason: "not_json - -" }] },
      "message a: rejected as not_json - -, expected a row",
    ],
    ["an invalid message outside the dead-letter queue", { deadLetters: [] }, "message c: not in the dead-letter queue"],
    ["a valid message in the dead-letter queue", { deadLetters: ["c", "a"] }, "message a: valid, but in the dead-letter queue"],
    ["a dead letter that stands twice", { deadLetters: ["c", "c"] }, "message c: twice in the dead-letter queue"],
    ["a message in the queue", { inQueue: 1 }, "the queue holds 1 messages"],
    ["a connection that is left", { connections: 2 }, "2 connections are left"],
    ["a leak", { traces: ["the server's log: a token"] }, "the server's log: a token"],
  ])("see %s", (_, change, difference) => {
    expect(compare(expected, { ...found, ...change })).toEqual([difference]);
  });
});

describe("the search for leaks", () => {
  const canaries = plantCanaries(1);

  test.each([
    ["a user", `{"user_id":"${canaries.word}7"}`, "word as text"],
    ["an address", `from ${canaries.network}7.9`, "network as text"],
    ["a value in base64", Buffer.from(`xx${canaries.word}`).toString("base64"), "word as base64"],
    ["a token", `masked_ip=v1.${"0f".repeat(16)}`, "a token"],
  ])("sees %s in an output", (_, text, what) => {
    expect(findLeaks("log", text, canaries)).toEqual([`log: ${what}`]);
  });

  test("finds nothing in ids, codes and counts", () => {
    expect(findLeaks("log", '{"messageId":"a7f0-4","code":"not_json","stored":7,"version":"v1.0"}', canaries)).toEqual([]);
  });
});
