import { expect, test } from "@jest/globals";
import { addBatches, makeBatches, makeRecords, toBatch } from "../../bench/support/batches.ts";
import { addChecksums, checksumRows, compareChecksums, EMPTY, WrongRows } from "../../bench/support/checksum.ts";
import { loginBody, loginRecord } from "../../bench/support/logins.ts";
import { COLUMNS, toRows } from "../../bench/support/rows.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";

const body = loginBody({ locale: null });
const checksumOne = (fields: Record<string, unknown> = {}, id = "a") =>
  toBatch([loginRecord(JSON.stringify({ ...JSON.parse(body), ...fields }), id)]).checksum;
const makeRows = (size: number) => [...toRows({ Records: makeRecords(size) })];

test("the same rows have the same checksum, in any order", () => {
  const rows = makeRows(20);
  expect(checksumRows(rows.toReversed())).toEqual(checksumRows(rows));
});

test("a row that is missing, doubled or replaced changes the checksum", () => {
  const rows = makeRows(5);
  const checksum = checksumRows(rows);
  expect(checksumRows(rows.slice(1))).not.toEqual(checksum);
  expect(checksumRows([...rows.slice(1), ...rows.slice(1, 2)])).not.toEqual(checksum);
  expect(checksumRows([...rows.slice(1), ...makeRows(1)])).not.toEqual(checksum);
});

test("every cell counts: an id, a token, a text, a missing value", () => {
  const checksums = [
    checksumOne(),
    checksumOne({}, "b"),
    checksumOne({ ip: "192.0.2.1" }),
    checksumOne({ device_type: "other" }),
    checksumOne({ locale: "DE" }),
    checksumOne({ locale: "" }),
  ];
  expect(new Set(checksums.map(({ sum }) => sum)).size).toBe(checksums.length);
  expect(checksumOne()).toEqual(checksumOne());
});

test("checksums of batches add up", () => {
  const [first, second] = makeBatches(2, 3);
  if (!first || !second) throw new TypeError("two batches were made");
  expect(addBatches(EMPTY, [first, second])).toEqual(addChecksums(first.checksum, second.checksum));
  expect(addBatches(EMPTY, [first, second])).toEqual(toBatch([...first.event.Records, ...second.event.Records]).checksum);
});

test("other rows than the expected ones are an error that names where they are", () => {
  const checksum = checksumRows(makeRows(2));
  expect(() => compareChecksums("Table logins", checksum, checksum)).not.toThrow();
  expect(() => compareChecksums("Table logins", EMPTY, checksum)).toThrow(WrongRows);
  expect(() => compareChecksums("Table logins", EMPTY, checksum)).toThrow("Table logins should hold 2 rows");
});

test("the columns are those of the pipeline, and then the message id", () => {
  expect(COLUMNS).toEqual([...userLogins.columns.map(({ name }) => name), "message_id"]);
});
