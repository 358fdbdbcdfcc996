import { describe, expect, test } from "@jest/globals";
import { date, definePipeline, text } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";

const fixture = useFixture();

describe("a value that forges line 0 of a COPY", () => {
  test.each([
    [2, 1],
    [3, 0],
    [100, 99],
  ])("changes no outcome in a batch of %i whose row %i is refused", async (count, bad) => {
    await fixture.lambda.invoke([]);
    await fixture.sql("ALTER TABLE user_logins ADD CHECK (locale <> 'bad')");
    const forged = { locale: "bad", user_id: "COPY user_logins, line 0" };
    expect(await fixture.lambda.failures(logins(count, (i) => (i === bad ? forged : {})))).toEqual([idOf(bad)]);
    expect(await fixture.stored()).toEqual(idsBut(count, bad));
  });
});

test("a masking key that never arrives fails the invocation within the function's time", async () => {
  const lambda = fixture.container(undefined, { masterKey: () => new Promise(() => {}) });
  await expect(lambda.invoke(logins(1), 1)).rejects.toMatchObject({ code: "mask_key_unavailable" });
});

test("an unknown field of one message that was delivered twice is not named", async () => {
  const message = record(login({ alice_smith: 1 }), { messageId: idOf(1) });
  await fixture.lambda.invoke([message, message]);
  expect(fixture.lambda.reports.last.unknownFields).toEqual({ count: 1, names: [], messages: [] });
});

describe("the key of the table", () => {
  const DROP = "ALTER TABLE user_logins DROP CONSTRAINT user_logins_create_date_message_id_key";

  test("may include other columns", async () => {
    await fixture.sql(`${DROP}; CREATE UNIQUE INDEX ON user_logins (create_date, message_id) INCLUDE (user_id)`);
    expect(await fixture.lambda.failures(logins(1))).toEqual([]);
  });

  test("is missing if an index only includes the message id", async () => {
    await fixture.sql(`${DROP}; CREATE UNIQUE INDEX ON user_logins (create_date) INCLUDE (message_id)`);
    await expect(fixture.lambda.invoke(logins(1))).rejects.toMatchObject({ code: "table_mismatch" });
  });
});

test("a table and its columns may have keywords of SQL as names", async () => {
  await fixture.sql('CREATE TABLE "order" ("user" varchar(10), "from" date, message_id text, UNIQUE ("from", message_id))');
  const columns = { user: text({ max: 10 }), from: date({ otherwise: "sent" }) };
  const lambda = fixture.container(undefined, { pipeline: definePipeline({ name: "order", table: "order", columns }) });
  expect(await lambda.failures([record({ user: "u" })])).toEqual([]);
  expect(await lambda.failures([record({ user: "u" }, { receiveCount: 2 })])).toEqual([]);
  expect(await fixture.database.rows('SELECT "user" FROM "order"')).toEqual([{ user: "u" }, { user: "u" }]);
});

test("two domains may share a database, and their tokens are never equal", async () => {
  await fixture.sql("CREATE TABLE ads_logins (LIKE user_logins INCLUDING ALL)");
  const ads = fixture.container(undefined, { pipeline: { ...userLogins, name: "ads", table: "ads_logins", domain: "ads" } });
  expect(await fixture.lambda.failures(logins(1))).toEqual([]);
  expect(await ads.failures([record(login(), { messageId: idOf(7) })])).toEqual([]);
  expect(
    await fixture.database.rows(
      "SELECT count(DISTINCT l.masked_ip || a.masked_ip)::int AS rows, bool_or(l.masked_ip = a.masked_ip) AS meet FROM user_logins l, ads_logins a",
    ),
  ).toEqual([{ rows: 1, meet: false }]);
});

test("an event-id that is sent as bytes is rejected, not ignored", async () => {
  const lambda = fixture.container(undefined, { pipeline: { ...userLogins, once: "event-id" } });
  const message = record(login({ create_date: "2026-03-01" }), { messageId: idOf(1) });
  message.messageAttributes["event-id"] = { binaryValue: "AA==", dataType: "Binary", stringListValues: [], binaryListValues: [] };
  expect(await lambda.failures([message])).toEqual([idOf(1)]);
  expect((await fixture.rejected()).map(({ code }) => code)).toEqual(["bad_event_id"]);
});

test("if time runs out among bad rows, stored rows are reported as done and the others return without a rejection", async () => {
  await fixture.lambda.invoke([]);
  await fixture.sql(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_sleep(0.01); IF NEW.locale = 'bad' THEN RAISE 'no'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE PROCEDURE slow()`);
  const { batchItemFailures } = await fixture.lambda.invoke(
    logins(100, (i) => (i % 5 === 4 ? { locale: "bad" } : {})),
    2,
  );
  const outcomes = fixture.lambda.reports.last.outcomes.filter(({ outcome }) => outcome === "stored");
  expect(await fixture.stored()).toEqual(outcomes.map(({ messageId }) => messageId));
  expect(batchItemFailures).toHaveLength(100 - outcomes.length);
  expect(fixture.lambda.reports.last.outcomes.some(({ outcome }) => outcome === "unsettled")).toBe(true);
  expect(await fixture.rejected()).toHaveLength(fixture.lambda.reports.last.rejected.length);
});
