import { describe, expect, test } from "@jest/globals";
import { date, definePipeline, exact, json, masked, text } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { readDiffs } from "../../local/commands/diff.ts";
import { commentTable, createTable, listComments, OWN_COMMENT } from "../../local/tables/ddl.ts";
import { formatMigration } from "../../local/tables/diff.ts";
import { useFixture } from "../support/fixture.ts";
import { kinds } from "../support/kinds.ts";

const fixture = useFixture();

const diff = async (pipeline = kinds) => (await readDiffs(fixture.database.client, [pipeline]))[0];
const EQUAL = { changes: [], byHand: [], notes: [] };
const ROW = "INSERT INTO kinds (ordered_on, message_id) VALUES ('2026-03-01', 'a')";

/** Makes the table as its pipeline declares it, and then changes it. */
async function spoil(...statements: string[]): Promise<void> {
  for (const statement of [createTable(kinds), commentTable(kinds), ...statements]) await fixture.sql(statement);
}

test("the migrated database is equal to the declaration of Masqueue's own table", async () => {
  expect(await diff(userLogins)).toMatchObject(EQUAL);
});

test("a missing table is created with its comments; the ingest role's rights are given apart", async () => {
  const missing = await diff();
  expect(missing?.changes.map(({ text }) => text)).toEqual(["it does not exist"]);
  expect(missing?.grants).toMatch(/^GRANT INSERT ON "kinds" TO masqueue_ingest;\nGRANT SELECT /);
  await fixture.sql(formatMigration([missing as NonNullable<typeof missing>]) ?? "");
  expect(await diff()).toMatchObject(EQUAL);
});

describe("a difference that a migration can end", () => {
  test.each<[string, string[], string[]]>([
    [
      "missing columns",
      ["ALTER TABLE kinds DROP COLUMN gift, DROP COLUMN masked_ip"],
      ["column masked_ip is missing", "column gift is missing"],
    ],
    [
      "a missing half of the key",
      ["ALTER TABLE kinds DROP COLUMN message_id"],
      ["column message_id is missing", "it has no unique key (ordered_on, message_id) that is valid, complete and not deferrable"],
    ],
    ["narrow texts", ["ALTER TABLE kinds ALTER note TYPE varchar(4)", ROW], ["column note holds 4 characters, 5 are needed"]],
    ["a narrow constant", ["ALTER TABLE kinds ALTER source TYPE varchar(3)"], ["column source holds 3 characters, 4 are needed"]],
    ["a narrow id", ["ALTER TABLE kinds ALTER message_id TYPE varchar(36)"], ["column message_id holds 36 characters, 128 are needed"]],
    [
      "narrow masked columns",
      ["ALTER TABLE kinds ALTER masked_ip TYPE varchar(9)"],
      ["column masked_ip holds 9 characters, 35 are needed"],
    ],
    [
      "a narrow number, whose own digits are kept",
      [
        "ALTER TABLE kinds ALTER total TYPE numeric(12,4)",
        "INSERT INTO kinds (total, ordered_on, message_id) VALUES (12345678.1234, 'today', 'a')",
      ],
      ["column total is numeric(12,4), 10 digits before the point and 2 after it are needed"],
    ],
    [
      "missing comments",
      ["COMMENT ON COLUMN kinds.note IS NULL", "COMMENT ON TABLE kinds IS NULL"],
      ["comments are missing or out of date: the table, note"],
    ],
    [
      "the comment of an older declaration",
      ["COMMENT ON COLUMN kinds.note IS 'Field note.'"],
      ["comments are missing or out of date: note"],
    ],
  ])("is %s: the printed migration runs as it is, and then nothing differs", async (_what, statements, texts) => {
    await spoil(...statements);
    const rows = () => fixture.database.rows("SELECT note, total::float, ordered_on::text FROM kinds");
    const [before, found] = [await rows(), await diff()];
    expect(found?.changes.map(({ text }) => text)).toEqual(expect.arrayContaining(texts));
    expect(found?.byHand).toEqual([]);
    await fixture.sql(formatMigration(found ? [found] : []) ?? "");
    expect(await diff()).toMatchObject({ changes: [], byHand: [] });
    expect(await rows()).toEqual(before);
  });
});

describe("a difference that is not safe to end is told, and no statement is written", () => {
  test.each<[string, string[], RegExp]>([
    [
      "another type",
      ["ALTER TABLE kinds ALTER quantity TYPE smallint"],
      /^column quantity is smallint, not integer; let the declaration fill a new/,
    ],
    [
      "a key on rows",
      [`ALTER TABLE kinds DROP CONSTRAINT kinds_ordered_on_message_id_key`, ROW],
      /CREATE UNIQUE INDEX CONCURRENTLY ON "kinds" \("ordered_on", message_id\)$/,
    ],
    [
      "an obligatory column",
      ["ALTER TABLE kinds ADD COLUMN shop text NOT NULL"],
      /^column shop is NOT NULL .*; declare it, give it a default, or drop NOT NULL$/,
    ],
    [
      "a narrow domain",
      ["CREATE DOMAIN short AS varchar(4)", "ALTER TABLE kinds ALTER note TYPE short"],
      /^column note holds 4 characters, 5 are needed; change its type or domain/,
    ],
    [
      "a narrow char",
      ["ALTER TABLE kinds ALTER note TYPE char(4)"],
      /^column note holds 4 characters, 5 are needed; change its type or domain/,
    ],
    [
      "a mask under another identifier",
      [
        "COMMENT ON COLUMN kinds.masked_ip IS 'Token of field customer.ip: equal values have equal tokens. Identifier address, domain main.'",
      ],
      /^column masked_ip was filled by another mask, by none, or from another field/,
    ],
    [
      "a mask of a plain column",
      ["COMMENT ON COLUMN kinds.masked_ip IS 'Field customer.ip.'"],
      /^column masked_ip was filled by another mask, by none, or from another field/,
    ],
    [
      "a mask of a plain column whose field has a name with a blank",
      [`COMMENT ON COLUMN kinds.masked_ip IS 'Field "Client Address".'`],
      /^column masked_ip was filled by another mask, by none, or from another field/,
    ],
    [
      "a mask of another field",
      ["COMMENT ON COLUMN kinds.masked_ip IS 'Token of field ip as address: equal values have equal tokens. Identifier ip, domain main.'"],
      /^column masked_ip was filled by another mask, by none, or from another field/,
    ],
    [
      "another form of a mask",
      [
        "COMMENT ON COLUMN kinds.masked_phone IS 'Token of field customer.phone as text: equal values have equal tokens. Identifier phone, domain main.'",
      ],
      /^column masked_phone was filled by another mask, by none, or from another field/,
    ],
    [
      "another size of networks",
      [
        "COMMENT ON COLUMN kinds.masked_network IS 'Token of field customer.ip as network /16, /48: equal values have equal tokens. Identifier network, domain main.'",
      ],
      /^column masked_network was filled by another mask, by none, or from another field/,
    ],
    [
      "a masked column without a comment in a table that has rows",
      ["COMMENT ON COLUMN kinds.masked_ip IS NULL", ROW],
      /^column masked_ip has no comment, so it cannot be told what its older rows hold/,
    ],
    ["a padded id", ["ALTER TABLE kinds ALTER message_id TYPE char(128)"], /^column message_id is character, which pads ids/],
    [
      "a computed column",
      ["ALTER TABLE kinds DROP COLUMN note, ADD COLUMN note text GENERATED ALWAYS AS (status) STORED"],
      /^column note is generated by Postgres/,
    ],
  ])("%s", async (_what, statements, sentence) => {
    await spoil(...statements);
    const found = await diff();
    expect(found?.byHand).toEqual([expect.stringMatching(sentence)]);
    expect(found?.changes.map(({ sql }) => sql).join("")).not.toMatch(/ALTER|CREATE/);
  });

  test("and the statement for a key on rows works", async () => {
    await spoil("ALTER TABLE kinds DROP CONSTRAINT kinds_ordered_on_message_id_key", ROW);
    await fixture.sql((await diff())?.byHand[0]?.split(": ").at(-1) ?? "");
    expect(await diff()).toMatchObject(EQUAL);
  });
});

test("the statement for the comment of a masked column works", async () => {
  await spoil("COMMENT ON COLUMN kinds.masked_network IS NULL", ROW);
  const [sentence] = (await diff())?.byHand ?? [];
  expect(sentence).toContain(" of field customer.ip as network /24, /48: ");
  await fixture.sql(sentence?.split(", run ").at(-1) ?? "");
  expect(await diff()).toMatchObject(EQUAL);
});

test("the comment of a masked column is written in a table without rows, and of a column that is added", async () => {
  await spoil("COMMENT ON COLUMN kinds.masked_ip IS NULL");
  expect(await diff()).toMatchObject({ byHand: [], changes: [{ text: "comments are missing or out of date: masked_ip" }] });
  await fixture.sql("ALTER TABLE kinds DROP COLUMN masked_ip");
  await fixture.sql(ROW);
  expect(await diff()).toMatchObject({ byHand: [], changes: [{ text: "column masked_ip is missing" }, {}] });
});

describe("what may stay", () => {
  test("is noted: a column that is not declared, and one that is wider", async () => {
    await spoil(
      "ALTER TABLE kinds ADD COLUMN old text, ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY, ALTER note TYPE varchar(64), ALTER total TYPE numeric(14,4)",
    );
    expect(await diff()).toMatchObject({
      ...EQUAL,
      notes: [
        "column note is wider than declared; it may stay so",
        "column total is wider than declared; it may stay so",
        "column old is not declared; it is kept, and stays NULL in new rows",
      ],
    });
  });

  test("are the comments of people", async () => {
    await spoil("COMMENT ON COLUMN kinds.note IS 'Field of view.'", "COMMENT ON TABLE kinds IS 'Rows of the shop.'");
    expect(await diff()).toMatchObject(EQUAL);
  });
});

test("two pipelines that fill one table are compared with it together", async () => {
  const part = (name: string, column: object) =>
    definePipeline({
      name,
      table: "shared",
      columns: { ...column, masked_id: masked({ from: "id", as: exact("id") }), day: date({ otherwise: "sent" }) },
    });
  const both = [part("first", { a: text({ max: 5 }) }), part("second", { b: text({ max: 5 }) })];
  const found = await readDiffs(fixture.database.client, both);
  await fixture.sql(formatMigration(found) ?? "");
  expect(await readDiffs(fixture.database.client, both)).toMatchObject([EQUAL]);
});

test("every comment that Masqueue writes is known as its own", () => {
  const blanks = definePipeline({
    name: "blanks",
    table: "blanks",
    columns: {
      a: masked({ from: "First Name", as: exact("name") }),
      b: text({ max: 5, from: "Shirt Size" }),
      c: json({ from: "More Of It", pick: ["One Thing"] }),
      day: date({ from: "Order Date", otherwise: "sent" }),
    },
  });
  for (const pipeline of [blanks, kinds, userLogins, { ...userLogins, masking: { sha256: true } } as const])
    for (const { text } of listComments(pipeline)) expect(text).toMatch(OWN_COMMENT);
});

test("no value of a row is told", async () => {
  await spoil(
    "ALTER TABLE kinds ALTER quantity TYPE smallint, ALTER note TYPE text",
    "INSERT INTO kinds (note, ordered_on, message_id) VALUES ('canary', 'today', 'a')",
  );
  expect(JSON.stringify(await diff())).not.toContain("canary");
});
