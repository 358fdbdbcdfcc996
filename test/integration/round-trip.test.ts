import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Container, container } from "../support/container.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { login, record } from "../support/records.ts";

let database: TestDatabase;
let lambda: Container;

beforeAll(async () => {
  database = await createDatabase();
  lambda = container(database.config);
});
afterAll(async () => {
  await lambda.close();
  await database.drop();
});

/** Pieces that mean something in COPY's text format, in arrays' or in SQL's. */
const PIECES = [
  "\\.",
  "\\N",
  "\\n",
  "\\",
  "\t",
  "\n",
  "\r",
  "\r\n",
  '"',
  "'",
  "{",
  "}",
  ",",
  "NULL",
  "null",
  "\b",
  "\f",
  "\v",
  "\u0001",
  "\u007f",
  " ",
  "\u2028",
  "🦊",
  "é",
  "e\u0301",
  "\ufeff",
  "\ufffd",
  "\uffff",
];

/** Any text that parse lets through to user_id: no NUL, no lone surrogate, up to 128 characters. */
const anyText = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 128 }),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join("")),
  )
  .filter((text) => !text.includes("\0") && Array.from(text).length <= 128);

/** Stores the texts and asserts that Postgres holds them byte for byte. */
async function roundTrip(texts: readonly string[], receiveCount: number): Promise<void> {
  const messages = texts.map((user_id) => record(login({ user_id }), { receiveCount }));
  expect(await lambda.failures(messages)).toEqual([]);
  const rows = await database.rows<{ bytes: Buffer; text: string }>(
    `SELECT convert_to(user_id, 'UTF8') AS bytes, user_id AS text
     FROM unnest($1::text[]) WITH ORDINALITY AS given (id, n) JOIN user_logins ON message_id = id ORDER BY n`,
    [messages.map(({ messageId }) => messageId)],
  );
  expect(rows.map(({ text }) => text)).toEqual(texts);
  expect(rows.map(({ bytes }) => bytes.toString("hex"))).toEqual(texts.map((text) => Buffer.from(text, "utf8").toString("hex")));
}

describe.each([
  ["COPY", 1],
  ["INSERT", 2],
])("text that goes through %s", (_how, receiveCount) => {
  test("comes back byte for byte, whatever it is", async () => {
    const batches = fc.array(anyText, { minLength: 1, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(batches, (texts) => roundTrip(texts, receiveCount)),
      { numRuns: 30 },
    );
  });

  test("comes back byte for byte if it means something to the format", async () => {
    const pairs = PIECES.flatMap((first) => PIECES.map((second) => first + second));
    await roundTrip(["", ...PIECES, ...pairs], receiveCount);
  });

  test("is not stored as NULL if it is empty or spells NULL", async () => {
    await database.client.query("TRUNCATE user_logins");
    await roundTrip(["", "\\N", "NULL"], receiveCount);
    expect(await database.rows("SELECT count(*)::int FROM user_logins WHERE user_id IS NULL")).toEqual([{ count: 0 }]);
  });
});
