import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parse } from "../../lambda/ingest/parse.ts";
import { reveal } from "../../lambda/masking/sensitive.ts";
import type { ColumnSpec } from "../../lambda/pipelines/columns.ts";
import { bigint, boolean, date, integer, json, numeric, text, timestamp, uuid } from "../../lambda/pipelines/pipeline.ts";
import { formatSqlType } from "../../lambda/pipelines/sql-type.ts";
import { createTable } from "../../local/tables/ddl.ts";
import { declareOne, evaluateColumn, readLines } from "../support/columns.ts";
import { container } from "../support/container.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { record } from "../support/records.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

let tables = 0;

/** Makes a table with a column `x`, and a container that writes it. */
async function open(x: ColumnSpec) {
  const pipeline = declareOne(x, `kind${tables++}`);
  await database.client.query(createTable(pipeline));
  const lambda = container(database.config, { pipeline });

  /** Stores fields `x`, given as JSON. @returns for each the text that parse made of it, and whether Postgres kept exactly this */
  const store = async (fields: readonly string[], receiveCount = 1) => {
    const messages = fields.map((field) => record(`{"x":${field}}`, { receiveCount }));
    const failed = await lambda.failures(messages);
    const parsed = messages.map((message) => parse(message, pipeline));
    const texts = parsed.map((message) => (message.kind === "message" ? reveal(message.values)[0] : message.code));
    const rejected = messages.filter((_, i) => parsed[i]?.kind === "rejected").map(({ messageId }) => messageId);
    expect(failed).toEqual(rejected);
    return database.rows<{ text: string; kept: string; equal: boolean }>(
      `SELECT given.text, ${formatKept(pipeline.columns[0]?.kind)} AS kept,
              x IS NOT DISTINCT FROM given.text::${formatSqlType({ name: pipeline.columns[0]?.sql.name ?? "text" })} AS equal
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (id, text, n) JOIN ${pipeline.table} ON message_id = id ORDER BY n`,
      [messages.map(({ messageId }) => messageId), texts],
    );
  };
  return { store, close: lambda.close };
}

/** The stored value in the spelling of the texts that parse makes. */
function formatKept(kind: string | undefined): string {
  if (kind === "timestamp") return `regexp_replace(to_char(x AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '\\.?0*$', '') || 'Z'`;
  if (kind === "date") return "to_char(x, 'YYYY-MM-DD')";
  if (kind === "numeric") return "CASE WHEN scale(x) > 0 THEN rtrim(rtrim(x::text, '0'), '.') ELSE x::text END";
  return "x::text";
}

describe("each value that docs/pipelines.md lists as accepted", () => {
  const lines = Map.groupBy(readLines(), ({ column }) => column);
  test.each([...lines])("is kept by Postgres: %s", async (column, cases) => {
    const { store, close } = await open(evaluateColumn(column));
    const rows = await store(cases.map(({ sent }) => sent));
    await close();
    if (!column.startsWith("masked")) expect(rows.every(({ equal }) => equal)).toBe(true);
    else expect(rows.map(({ kept }) => kept?.replace(/^v1\.[0-9a-f]+$/, "a token") ?? null)).toEqual(listAccepted(cases));
  });
});

/** The results of the accepted values: a code is one word of lower-case letters with an underscore. */
function listAccepted(cases: readonly { readonly result: string | null }[]) {
  return cases.map(({ result }) => result).filter((result) => result === null || !/^[a-z]+(_[a-z]+)+$/.test(result));
}

const sign = fc.constantFrom("", "-", "+");
const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
const exponent = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc.tuple(fc.constantFrom("e", "E"), sign, digits(3)).map((e) => e.join("")),
);
const decimal = fc
  .tuple(sign, digits(22), fc.option(digits(22), { nil: "" }), exponent)
  .map(([sign, whole, fraction, exponent]) => `${sign}${whole}${fraction && `.${fraction}`}${exponent}`);
/** Numbers as JSON, and as texts, which may be spelt as JSON forbids. */
const numbers = fc.oneof(
  fc.maxSafeInteger().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.integer({ min: -(2 ** 31) - 3, max: 2 ** 31 + 3 }).map(String),
  decimal.map((text) => (/^-?(0|[1-9]\d*)(?![0-9])/.test(text) ? text : JSON.stringify(text))),
  decimal.map((text) => JSON.stringify(text)),
);

const pad = (number: number, width: number) => String(number).padStart(width, "0");
const moment = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 9999 }), fc.constantFrom(1, 1582, 1970, 9999)),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 31 }),
    fc.nat(23),
    fc.nat(59),
    fc.nat(60),
    fc.option(digits(9), { nil: "" }),
    fc.oneof(fc.constantFrom("", "Z", "z"), fc.tuple(fc.constantFrom("+", "-"), fc.nat(15), fc.nat(59))),
  )
  .map(([year, month, day, hour, minute, second, fraction, zone]) => {
    const offset = typeof zone === "string" ? zone : `${zone[0]}${pad(zone[1], 2)}:${pad(zone[2], 2)}`;
    const time = `T${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${fraction && `.${fraction}`}${offset}`;
    return JSON.stringify(`${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}${time}`);
  });
const hex = fc.stringMatching(/^[0-9a-fA-F]{32}$/);
const anyJson = fc.jsonValue().map((value) => JSON.stringify(value));
const anyText = fc.string({ unit: "binary", maxLength: 12 }).map((value) => JSON.stringify(value));
const member = fc.oneof(anyText, numbers, anyJson, fc.constant("null"));
const object = fc
  .tuple(member, fc.array(member, { maxLength: 3 }), member)
  .map(([a, b, other]) => `{"a":${a},"other":${other},"b":[${b.join()}]}`);

describe("Postgres keeps every value that is accepted", () => {
  test.each<[string, ColumnSpec, fc.Arbitrary<string>]>([
    ["text", text({ max: 8, numbers: true }), fc.oneof(anyText, numbers)],
    ["integer", integer(), numbers],
    ["bigint", bigint(), numbers],
    ["numeric", numeric({ precision: 20, scale: 6 }), numbers],
    ["numeric without a fraction", numeric({ precision: 9, scale: 0 }), numbers],
    ["numeric of many digits", numeric({ precision: 1000, scale: 500 }), numbers],
    ["boolean", boolean(), fc.oneof(fc.constantFrom("true", "false", '"TRUE"', '"fAlse"', '"t"', "0", "1"), anyText)],
    ["date", date(), moment],
    ["timestamp", timestamp(), moment],
    ["timestamp in seconds", timestamp({ unix: "seconds" }), numbers],
    ["timestamp in milliseconds", timestamp({ unix: "milliseconds" }), numbers],
    [
      "uuid",
      uuid(),
      fc.tuple(fc.constantFrom("", "{", "urn:uuid:"), hex, fc.constantFrom("", "}")).map((parts) => JSON.stringify(parts.join(""))),
    ],
    ["json", json({ pick: ["a", "b"] }), object],
  ])("%s", async (_kind, column, field) => {
    const { store, close } = await open(column);
    let kept = 0;
    const batches = fc.array(fc.oneof({ weight: 9, arbitrary: field }, { weight: 1, arbitrary: anyJson }), {
      minLength: 20,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(batches, fc.constantFrom(1, 2), async (fields, receiveCount) => {
        const rows = await store(fields, receiveCount);
        for (const row of rows) expect(row).toEqual({ ...row, equal: true, ...(column.kind !== "json" && { kept: row.text }) });
        kept += rows.length;
      }),
      { numRuns: 25 },
    );
    await close();
    expect(kept).toBeGreaterThan(50);
  });
});
