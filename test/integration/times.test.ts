import { expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import { createHandler } from "../../lambda/ingest/handler.ts";
import { masterKeyFromSecret } from "../../lambda/masking/keys.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { contextFor } from "../../local/emulators/sqs-event.ts";
import { TEST_SECRET } from "../support/container.ts";
import { useFixture } from "../support/fixture.ts";
import { login, record, SENT } from "../support/records.ts";

const fixture = useFixture();

/** What the report says of a batch that began, was committed and was done at these times, in milliseconds after `SENT`. */
async function timesOf(records: SQSRecord[], began: number, committed: number, done: number) {
  const times = [began, committed, done].map((after) => SENT + after);
  const { reports, database } = fixture.lambda;
  const parts = { pipeline: userLogins, masterKey: masterKeyFromSecret(TEST_SECRET), database, reporter: reports };
  await createHandler(() => ({ ...parts, now: () => times.shift() ?? Number.NaN }))({ Records: records }, contextFor(20_000));
  const { commitLag, batchTime } = reports.last;
  return { commitLag, batchTime };
}

test("a batch's lag ends with its commit, its time in Postgres with the last that is written", async () => {
  const records = [record(login(), { sent: SENT - 500 }), record(), record("{", { sent: SENT - 9_000 })];
  expect(await timesOf(records, 1_000, 1_007, 1_010)).toEqual({ commitLag: 1_507, batchTime: 10 });
});

test("a batch in which nothing is stored has no lag", async () => {
  expect(await timesOf([record("{")], 1_000, 1_000, 1_004)).toEqual({ commitLag: undefined, batchTime: 4 });
});

test("a batch that is delivered again lags since it was first sent", async () => {
  const message = record();
  expect(await timesOf([message], 1_000, 1_007, 1_007)).toEqual({ commitLag: 1_007, batchTime: 7 });
  expect(await timesOf([message], 31_000, 31_003, 31_003)).toEqual({ commitLag: 31_003, batchTime: 3 });
});
