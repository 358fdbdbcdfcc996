import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatDay, parseDate, parseMillis } from "../../lambda/dates.ts";

/** Any moment of the years 1 to 9999. */
const moment = fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true });

const pad = (number: number, width: number) => String(number).padStart(width, "0");

describe("the date of a text", () => {
  test.each([
    ["2026-03-01", "2026-03-01"],
    ["2026-03-01T12:00:00Z", "2026-03-01"],
    ["2026-03-01T12:00:00.123456Z", "2026-03-01"],
    ["2026-03-01T12:00:00,5z", "2026-03-01"],
    ["2026-03-01t12:00", "2026-03-01"],
    ["2026-03-01 23:59:59", "2026-03-01"],
    ["2024-02-29", "2024-02-29"],
    ["2000-02-29", "2000-02-29"],
    ["2016-12-31T23:59:60Z", "2016-12-31"],
    ["0001-01-01", "0001-01-01"],
    ["0099-12-31", "0099-12-31"],
    ["9999-12-31", "9999-12-31"],
  ])("such as %s is %s", (text, date) => {
    expect(parseDate(text)).toBe(date);
  });

  test.each([
    ["2026-03-01T23:30:00-01:00", "2026-03-02"],
    ["2026-03-01T00:30:00+01:00", "2026-02-28"],
    ["2024-03-01T00:30:00+0100", "2024-02-29"],
    ["2026-01-01T05:29:59+05:30", "2025-12-31"],
    ["2026-01-01T05:30:00+05:30", "2026-01-01"],
    ["2026-12-31T23:45:00-00:15", "2027-01-01"],
    ["2026-12-31T14:00:00-10", "2027-01-01"],
  ])("such as %s is shifted by its offset to %s", (text, date) => {
    expect(parseDate(text)).toBe(date);
  });

  test.each([
    "2026-02-29",
    "1900-02-29",
    "2026-04-31",
    "2026-13-01",
    "2026-00-10",
    "2026-01-00",
    "0000-01-01",
    "0001-01-01T00:30:00+01:00",
    "9999-12-31T23:30:00-01:00",
    "2026-03-01T24:00:00Z",
    "2026-03-01T12:60:00Z",
    "2026-03-01T12:00:61Z",
    "2026-03-01T12:00:00+16:00",
    "2026-03-01T12:00:00+01:60",
    "2026-3-1",
    "01.03.2026",
    "20260301",
    "2026-03-01T",
    "2026-03-01T12",
    " 2026-03-01",
    "2026-03-01\n",
    "+12026-03-01",
    "1772366400000",
    "yesterday",
    "",
  ])("such as %j is null", (text) => {
    expect(parseDate(text)).toBeNull();
  });

  test("from toISOString is its first ten characters", () => {
    fc.assert(fc.property(moment, (date) => expect(parseDate(date.toISOString())).toBe(date.toISOString().slice(0, 10))));
  });

  test("is the same for any offset in which a moment is written", () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: -15 * 60, max: 15 * 60 }), (date, offset) => {
        const local = new Date(date.getTime() + offset * 60_000);
        fc.pre(local.getUTCFullYear() >= 0 && local.getUTCFullYear() <= 9999);
        const size = Math.abs(offset);
        const zone = `${offset < 0 ? "-" : "+"}${pad(Math.floor(size / 60), 2)}:${pad(size % 60, 2)}`;
        expect(parseDate(local.toISOString().replace("Z", zone))).toBe(date.toISOString().slice(0, 10));
      }),
    );
  });

  test("exists exactly for the days of the calendar", () => {
    const numbers = fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 32 }));
    fc.assert(
      fc.property(numbers, ([year, month, day]) => {
        const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
        const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
        const text = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
        expect(parseDate(text)).toBe(day >= 1 && day <= days ? text : null);
      }),
      { numRuns: 500 },
    );
  });

  test("is a date or null for any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => expect(parseDate(text) ?? "0001-01-01").toMatch(/^\d{4}-\d\d-\d\d$/)));
  });
});

describe("the date of milliseconds", () => {
  test.each([
    ["0", "1970-01-01"],
    ["1772366400000", "2026-03-01"],
    ["1772323199999", "2026-02-28"],
    ["1772323200000", "2026-03-01"],
    ["253402300799999", "9999-12-31"],
  ])("such as %s is %s in UTC", (digits, date) => {
    expect(formatDay(parseMillis(digits))).toBe(date);
  });

  test.each([undefined, "", "-1", "1.5", "1e3", " 1", "0x10", "NaN", "253402300800000", "999999999999999", "1772366400000000"])(
    "such as %j is null",
    (digits) => {
      expect(formatDay(parseMillis(digits))).toBeNull();
    },
  );
});
