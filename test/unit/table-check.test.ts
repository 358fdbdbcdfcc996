import { describe, expect, test } from "@jest/globals";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { type Catalogue, type CatalogueColumn, findProblems } from "../../lambda/postgres/table-check.ts";

const LENGTHS = { user_id: 128, device_type: 32, masked_ip: 256, masked_device_id: 256, locale: 32, app_version: 32 };

function varchar(name: string, length: number | null): CatalogueColumn {
  return { name, type: "character varying", length, needsValue: false };
}

const COLUMNS: readonly CatalogueColumn[] = [
  ...Object.entries(LENGTHS).map(([name, length]) => varchar(name, length)),
  { name: "create_date", type: "date", length: null, needsValue: true },
  { name: "message_id", type: "text", length: null, needsValue: true },
];

const FITTING: Catalogue = {
  serverVersion: 180_001,
  serverEncoding: "UTF8",
  clientEncoding: "UTF8",
  exists: true,
  rowSecurity: false,
  hasKey: true,
  columns: COLUMNS,
};

const problems = (changes: Partial<Catalogue>) => findProblems({ ...FITTING, ...changes }, userLogins);

/** The problems if one column is not as it should be. */
function withColumn(name: string, changes: Partial<CatalogueColumn>): string[] {
  return problems({ columns: COLUMNS.map((column) => (column.name === name ? { ...column, ...changes } : column)) });
}

describe("a table that fits", () => {
  test("has no problems", () => {
    expect(problems({})).toEqual([]);
  });

  test.each([100_000, 100_023, 160_004])("may be on an older server: %i", (serverVersion) => {
    expect(problems({ serverVersion })).toEqual([]);
  });

  test.each([
    ["user_id", { length: 129 }],
    ["user_id", { length: null }],
    ["locale", { type: "text", length: null }],
    ["device_type", { type: "character", length: 32 }],
    ["masked_ip", { length: 35 }],
    ["message_id", { type: "character varying", length: 128 }],
  ])("may have column %s wider or of another text type: %j", (name, changes) => {
    expect(withColumn(name, changes)).toEqual([]);
  });

  test("may have extra columns that need no value, for migrations go first", () => {
    expect(problems({ columns: [...COLUMNS, { name: "country", type: "integer", length: null, needsValue: false }] })).toEqual([]);
  });

  test("may have its columns in any order", () => {
    expect(problems({ columns: COLUMNS.toReversed() })).toEqual([]);
  });
});

describe("a server or table that cannot be used", () => {
  test("is reported as too old, and nothing else is reported", () => {
    expect(problems({ serverVersion: 90_624, hasKey: false })).toEqual(["the server is Postgres 9, 10 or newer is needed"]);
  });

  test("is reported as missing, and nothing else is reported", () => {
    expect(problems({ exists: false, columns: [], hasKey: false })).toEqual(["it does not exist; run `masqueue migrate --env`"]);
  });

  test.each([
    [{ serverEncoding: "LATIN1" }, "the database's encoding is LATIN1, UTF8 is needed"],
    [{ clientEncoding: "SQL_ASCII" }, "the role's client_encoding is SQL_ASCII, UTF8 is needed"],
    [{ rowSecurity: true }, "row security applies to this role, and COPY refuses it; grant the role BYPASSRLS or disable it"],
    [
      { hasKey: false },
      "it has no unique key (create_date, message_id) that is valid, complete and not deferrable; run `masqueue migrate --env`",
    ],
  ])("is reported with what is needed: %j", (changes, sentence) => {
    expect(problems(changes)).toEqual([sentence]);
  });
});

describe("a column that does not fit", () => {
  test.each(COLUMNS.map(({ name }) => name))("is named if it is missing: %s", (name) => {
    expect(problems({ columns: COLUMNS.filter((column) => column.name !== name) })).toEqual([
      `column ${name} is missing; run \`masqueue migrate --env\``,
    ]);
  });

  test.each([
    ["app_version", { type: "integer", length: null }, "is integer, not text; run `masqueue migrate --env`"],
    ["create_date", { type: "timestamp with time zone" }, "is timestamp with time zone, not date; run `masqueue migrate --env`"],
    ["create_date", { type: "text" }, "is text, not date; run `masqueue migrate --env`"],
    ["message_id", { type: "uuid" }, "is uuid, not text; run `masqueue migrate --env`"],
    ["user_id", { length: 127 }, "holds 127 characters, 128 are needed"],
    ["masked_ip", { length: 34 }, "holds 34 characters, 35 are needed"],
    ["message_id", { type: "character varying", length: 36 }, "holds 36 characters, 128 are needed"],
  ])("is named with what is wrong: %s %j", (name, changes, problem) => {
    expect(withColumn(name, changes)).toEqual([`column ${name} ${problem}`]);
  });

  test("must hold a whole digest if the pipeline masks by SHA-256", () => {
    const columns = [
      varchar("masked_ip", 63),
      varchar("masked_device_id", 64),
      ...COLUMNS.filter(({ name }) => !name.startsWith("masked_")),
    ];
    expect(findProblems({ ...FITTING, columns }, { ...userLogins, masking: { sha256: true } })).toEqual([
      "column masked_ip holds 63 characters, 64 are needed",
    ]);
  });

  test("may be one that the table requires and the pipeline does not fill", () => {
    expect(problems({ columns: [...COLUMNS, { name: "country", type: "text", length: null, needsValue: true }] })).toEqual([
      "column country is NOT NULL without a default and the pipeline does not fill it",
    ]);
  });
});

test("all problems are reported at once", () => {
  expect(problems({ serverEncoding: "LATIN1", rowSecurity: true, hasKey: false, columns: [] })).toHaveLength(3 + COLUMNS.length);
});
