import { describe, expect, test } from "@jest/globals";
import pg from "pg";
import { assignBlame, dropsConnection, lacksPartition, ROW_FAULT, refusesLogin } from "../../lambda/postgres/sqlstate.ts";

/** Postgres's answer with this code, as the driver returns it. */
function answer(code: string | undefined, fields: Partial<pg.DatabaseError> = {}): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError("text", 4, "error"), { code, ...fields });
}

describe("the cause is the row", () => {
  test.each([
    ["22001", "a value too long"],
    ["22021", "a character that the encoding lacks"],
    ["22P02", "a text that is not a value of the type"],
    ["22P04", "a line of COPY with too few columns"],
    ["23502", "a NULL that is not allowed"],
    ["23503", "a foreign key"],
    ["23505", "a unique key"],
    ["23P01", "an exclusion constraint"],
    ["44000", "the check option of a view"],
    ["P0001", "a trigger's RAISE"],
    ["P0004", "a trigger's ASSERT"],
    ["21000", "a trigger that affected several rows"],
    ["54000", "an index entry that is too large"],
  ])("for %s, %s", (code) => {
    expect(assignBlame(answer(code))).toBe("row");
  });

  test.each([
    [undefined, true],
    ["", true],
    ["locale_is_known", false],
  ])("for a check violation, which is a missing partition if it names no constraint (%j: %s)", (constraint, isMissing) => {
    expect(assignBlame(answer("23514", { constraint }))).toBe("row");
    expect(lacksPartition({ code: "23514", constraint })).toBe(isMissing);
    expect(lacksPartition({ code: "23505", constraint })).toBe(false);
  });

  test("for the same codes by the pattern that Postgres gets", () => {
    for (const code of ["22001", "23514", "44000", "P0001", "21000", "54000", "40P01", "42501", "54001", "25006", "08P01", "57014"])
      expect(new RegExp(ROW_FAULT).test(code)).toBe(assignBlame(answer(code)) === "row");
  });
});

describe("the cause is the system", () => {
  test.each([
    ["42P01", "a table that is missing"],
    ["42703", "a column that is missing"],
    ["42501", "a permission that is missing"],
    ["28P01", "a wrong password"],
    ["28000", "a role that may not log in"],
    ["3D000", "a database that is missing"],
    ["0A000", "COPY into a table with row security"],
    ["08P01", "a protocol violation"],
    ["25001", "a code of class 25 that is not the read-only one"],
    ["54001", "a stack that is too deep, which is not the row's limit"],
    ["XX000", "an internal error"],
    ["F0000", "a broken configuration file"],
    ["99999", "an unknown code"],
    ["", "an empty code"],
    [undefined, "no code"],
  ] as [string | undefined, string][])("for %s, %s", (code, _meaning) => {
    expect(assignBlame(answer(code))).toBe("system");
  });
});

describe("the cause is transient", () => {
  test.each([
    ["08006", "a lost connection"],
    ["40001", "a serialization failure"],
    ["40P01", "a deadlock"],
    ["53300", "too many connections"],
    ["53100", "a full disk"],
    ["55P03", "a lock that was not available"],
    ["57014", "a cancelled statement"],
    ["57P01", "a shutdown"],
    ["57P03", "an unfinished start"],
    ["58030", "an input or output error"],
    ["25006", "a read-only server"],
  ])("with %s, %s", (code) => {
    expect(assignBlame(answer(code))).toBe("transient");
  });
});

describe("the connection", () => {
  test.each(["08006", "08P01", "57P01", "57014", "25006"])("is dropped after %s", (code) => {
    expect(dropsConnection(answer(code))).toBe(true);
  });

  test.each(["40P01", "23505", "42P01", "53300", "25001", "10800", undefined])("is kept after %s", (code) => {
    expect(dropsConnection(answer(code))).toBe(false);
  });

  test("gets a fresh token if the login was refused, and only then", () => {
    expect(["28P01", "28000", "42501", undefined].map((code) => refusesLogin(answer(code)))).toEqual([true, true, false, false]);
  });
});
