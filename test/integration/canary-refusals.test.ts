import { describe, expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import { canaryLogin } from "../support/canaries.ts";
import { IN_PROCESS, UNDER_RIC, useCage } from "../support/canary-cage.ts";
import { type RecordOptions, record } from "../support/records.ts";

const cage = useCage();

/** The function's time in seconds: enough for several tries, and over well before the next pause would end. */
const TRIES = 3.2;
const [GOOD, REFUSED] = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"];

/** Two messages full of canaries. Postgres refuses the second. */
function batch(options: RecordOptions = {}): SQSRecord[] {
  return [
    record(canaryLogin(cage.canaries, { locale: "RU", device_id: null }), { messageId: GOOD, ...options }),
    record(canaryLogin(cage.canaries, { device_type: "refuse", app_version: null }), { messageId: REFUSED, ...options }),
  ];
}

const guard = (when: string, body: string) =>
  `CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN IF NEW.device_type = 'refuse' THEN ${body}; END IF; RETURN NEW; END $$;
   CREATE TRIGGER guard ${when} INSERT ON user_logins FOR EACH ROW EXECUTE PROCEDURE guard()`;

/** Constraints by which Postgres refuses the row: name, statement, SQLSTATE, and the line in Postgres's log. */
const ROW_REFUSALS: [string, string, string, string][] = [
  ["a check", "ALTER TABLE user_logins ADD CONSTRAINT c CHECK (device_type <> 'refuse')", "23514", 'violates check constraint "c"'],
  ["a NOT NULL", "ALTER TABLE user_logins ALTER app_version SET NOT NULL", "23502", 'null value in column "app_version"'],
  ["a unique constraint", "ALTER TABLE user_logins ADD CONSTRAINT u UNIQUE (user_id)", "23505", 'violates unique constraint "u"'],
  ["an exclusion", "ALTER TABLE user_logins ADD CONSTRAINT x EXCLUDE (user_id WITH =)", "23P01", 'violates exclusion constraint "x"'],
  [
    "a foreign key",
    `CREATE TABLE locales (code text PRIMARY KEY); INSERT INTO locales VALUES ('RU');
     ALTER TABLE user_logins ADD CONSTRAINT f FOREIGN KEY (locale) REFERENCES locales`,
    "23503",
    'violates foreign key constraint "f"',
  ],
  ["a column that became too narrow", "ALTER TABLE user_logins ALTER locale TYPE varchar(2)", "22001", "value too long for type"],
  [
    "a token column that became too narrow",
    "ALTER TABLE user_logins ALTER masked_device_id TYPE varchar(9)",
    "22001",
    "value too long for",
  ],
];

/** Triggers that quote the row in the error's text. Postgres's log holds that text, unless `log_min_messages` silences it. */
const QUOTING: [string, string, string][] = [
  ["a BEFORE trigger", guard("BEFORE", "RAISE '% %', NEW, NEW.user_id"), "P0001"],
  ["an AFTER trigger", guard("AFTER", "RAISE '% %', NEW, NEW.user_id"), "P0001"],
  ["a trigger that forges a line of COPY", guard("BEFORE", "RAISE 'COPY user_logins, line 1: %', NEW"), "P0001"],
  ["a trigger that reads a text as a number", guard("BEFORE", "PERFORM NEW.locale::int"), "22P02"],
  [
    "a trigger that fills every field of an error",
    guard(
      "BEFORE",
      `RAISE EXCEPTION USING ERRCODE = '23514', MESSAGE = NEW::text, DETAIL = NEW::text, HINT = NEW::text, COLUMN = NEW.user_id,
       CONSTRAINT = NEW.user_id, DATATYPE = NEW.locale, TABLE = NEW.user_id, SCHEMA = NEW.masked_ip`,
    ),
    "23514",
  ],
];

/** SQLSTATEs that fail the whole batch; the errors' texts quote the row. */
const WHOLE = ["08006", "40001", "42501", "57P01", "XX000"];

describe.each([IN_PROCESS, UNDER_RIC])("%s", (_name, start) => {
  test.each(ROW_REFUSALS)("a row that %s refuses leaves no trace", async (_refusal, arrange, sqlstate, line) => {
    const lambda = await cage.start(start);
    expect(await lambda.invoke([])).toEqual([]);
    await cage.database.client.query(arrange);
    expect(await lambda.invoke(batch())).toEqual([REFUSED]);
    expect(await lambda.invoke(batch({ receiveCount: 2 }))).toEqual([REFUSED]);
    expect(await cage.database.rows("SELECT DISTINCT code, sqlstate FROM rejections")).toEqual([{ code: "refused_by_database", sqlstate }]);
    const { output, log } = await cage.open();
    expect(output).toContain('"code":"refused_by_database"');
    expect(log).toContain(line);
    expect(await cage.escaped()).toEqual([]);
  });

  test.each(QUOTING)("a row that %s refuses leaves no trace, although the error quotes it", async (_refusal, arrange, sqlstate) => {
    await cage.set("log_min_messages = fatal");
    await cage.database.client.query(arrange);
    const lambda = await cage.start(start);
    expect(await lambda.invoke(batch())).toEqual([REFUSED]);
    expect(await lambda.invoke(batch({ receiveCount: 2 }))).toEqual([REFUSED]);
    expect(await cage.database.rows("SELECT DISTINCT code, sqlstate FROM rejections")).toEqual([{ code: "refused_by_database", sqlstate }]);
    expect((await cage.open()).output).toContain('"code":"refused_by_database"');
    expect(await cage.escaped()).toEqual([]);
  });

  test.each(WHOLE)("a batch that fails with SQLSTATE %s is reported without the error's text, which quotes the row", async (sqlstate) => {
    await cage.set("log_min_messages = fatal");
    const raise = `RAISE EXCEPTION USING ERRCODE = '${sqlstate}', MESSAGE = NEW::text, DETAIL = NEW::text, HINT = NEW::text`;
    await cage.database.client.query(guard("BEFORE", raise));
    const lambda = await cage.start(start);
    expect(await lambda.invoke([])).toEqual([]);
    expect(await lambda.invoke(batch(), TRIES)).toMatch(`Postgres returned SQLSTATE ${sqlstate}`);
    expect((await cage.open()).output).toContain(sqlstate);
    expect(await cage.escaped()).toEqual([]);
  });

  test("a warning that quotes a stored row is not passed on", async () => {
    await cage.set("log_min_messages = fatal");
    await cage.database.client.query(guard("BEFORE", "RAISE WARNING '% %', NEW, NEW.user_id"));
    const lambda = await cage.start(start);
    expect(await lambda.invoke(batch())).toEqual([]);
    expect((await cage.open()).output).toContain('"stored":2');
    expect(await cage.escaped()).toEqual([]);
  });
});

test("a trigger's error text reaches Postgres's log unless that is silenced: the only leak that the function cannot prevent", async () => {
  await cage.database.client.query(guard("BEFORE", "RAISE '%', NEW"));
  const lambda = await cage.start(IN_PROCESS[1]);
  expect(await lambda.invoke(batch())).toEqual([REFUSED]);
  await cage.open();
  const escaped = await cage.escaped();
  expect(escaped).toEqual(expect.arrayContaining(["log: locale as text", "log: token of ip as text", "log: token of deviceId as text"]));
  expect(escaped).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(output|rejections): |^log: (ip|deviceId) /)]));
});
