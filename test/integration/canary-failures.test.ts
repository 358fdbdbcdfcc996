import { describe, expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import { canaryLogin } from "../support/canaries.ts";
import { IN_PROCESS, UNDER_RIC, UNDER_RIC_JSON, useCage } from "../support/canary-cage.ts";
import { PostgresProxy } from "../support/postgres-proxy.ts";
import { record } from "../support/records.ts";
import { createRole } from "../support/roles.ts";

const cage = useCage();

/** The function's time in seconds: enough for several tries, and over well before the next pause would end. */
const TRIES = 1.6;

const batch = (receiveCount = 1): SQSRecord[] => [
  record(canaryLogin(cage.canaries), { receiveCount }),
  record(canaryLogin(cage.canaries, { ip: cage.canaries.ipv6 }), { receiveCount }),
];

const onInsert = (body: string) =>
  `CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NEW; END $$;
   CREATE TRIGGER guard BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE PROCEDURE guard()`;

const PARTITIONED = `
  CREATE TABLE parts (LIKE user_logins INCLUDING ALL) PARTITION BY RANGE (create_date);
  DROP TABLE user_logins;
  ALTER TABLE parts RENAME TO user_logins`;

/** Faults while a container runs: name, statement, the function's error, and the line in Postgres's log. */
const RUNTIME_FAULTS: [string, string, RegExp, string][] = [
  ["the table is gone", "DROP TABLE user_logins", /42P01/, 'relation "user_logins" does not exist'],
  ["a column is gone", "ALTER TABLE user_logins DROP locale", /42703/, 'column "locale" of relation "user_logins" does not exist'],
  ["there is no partition", PARTITIONED, /23514/, 'no partition of relation "user_logins" found for row'],
  [
    "its session is killed",
    onInsert("PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(9)"),
    /57P01|connection to Postgres/,
    "terminating connection due to administrator command",
  ],
  [
    "its statement is cancelled",
    onInsert("PERFORM pg_cancel_backend(pg_backend_pid()), pg_sleep(9)"),
    /57014/,
    "canceling statement due to user request",
  ],
];

/** Faults before a container starts: name, statement, and the function's error. */
const START_FAULTS: [string, string, RegExp][] = [
  ["there is no table", "DROP TABLE user_logins", /does not exist; run `masqueue migrate --env`/],
  ["a column is too narrow", "ALTER TABLE user_logins ALTER user_id TYPE varchar(9)", /holds 9 characters, 128 are needed/],
  ["the masking key is another one", "INSERT INTO mask_keys VALUES ('ip', 'v1', 'other')", /masked with another key/],
];

describe.each([IN_PROCESS, UNDER_RIC, UNDER_RIC_JSON])("%s", (_name, start) => {
  test.each(RUNTIME_FAULTS)("if %s, the batch fails without a trace", async (_what, arrange, message, logged) => {
    const lambda = await cage.start(start);
    expect(await lambda.invoke([])).toEqual([]);
    await cage.database.client.query(arrange);
    expect(await lambda.invoke(batch(), TRIES)).toMatch(message);
    expect(await lambda.invoke(batch(2), TRIES)).toMatch(message);
    const { output, log } = await cage.open();
    expect(output).toMatch(message);
    expect(log).toContain(logged);
    expect(await cage.escaped()).toEqual([]);
  });

  test.each(START_FAULTS)("if %s, the batch fails without a trace", async (_what, arrange, message) => {
    await cage.database.client.query(arrange);
    const lambda = await cage.start(start);
    expect(await lambda.invoke(batch())).toMatch(message);
    expect((await cage.open()).output).toMatch(message);
    expect(await cage.escaped()).toEqual([]);
  });

  test("if the database is unavailable, or fails while rows are sent, the batch fails without a trace", async () => {
    const proxy = await PostgresProxy.to(cage.database.config);
    const lambda = await cage.start(start, proxy.config);
    proxy.refuse();
    expect(await lambda.invoke(batch(), TRIES)).toMatch("The connection to Postgres failed");
    proxy.accept();
    expect(await lambda.invoke([])).toEqual([]);
    proxy.cutAt("client", cage.canaries.locale, { thenRefuse: true });
    expect(await lambda.invoke(batch(), TRIES)).toMatch("The connection to Postgres failed");
    expect((await cage.open()).output).toContain("The connection to Postgres failed");
    expect(await cage.escaped()).toEqual([]);
    await proxy.close();
  });

  test("if the password is wrong, the batch fails without a trace", async () => {
    const lambda = await cage.start(start, { ...cage.database.config, password: "wrong" });
    expect(await lambda.invoke(batch())).toMatch("SQLSTATE 28P01");
    const { output, log } = await cage.open();
    expect(output).toContain("28P01");
    expect(log).toContain('password authentication failed for user "postgres"');
    expect(await cage.escaped()).toEqual([]);
  });

  test("if a permission is missing or row security applies, the batch fails without a trace", async () => {
    const role = await createRole(cage.database, "SELECT, INSERT");
    const lambda = await cage.start(start, role.config);
    expect(await lambda.invoke([])).toEqual([]);
    await cage.database.client.query("ALTER TABLE user_logins ENABLE ROW LEVEL SECURITY");
    expect(await lambda.invoke(batch())).toMatch("SQLSTATE 0A000");
    expect(await lambda.invoke(batch(2))).toMatch("SQLSTATE 42501");
    await cage.database.client.query(`REVOKE INSERT ON user_logins FROM ${role.name}`);
    expect(await lambda.invoke(batch())).toMatch("SQLSTATE 42501");
    const { output, log } = await cage.open();
    expect(output).toContain("42501");
    expect(log).toContain('new row violates row-level security policy for table "user_logins"');
    expect(log).toContain("permission denied for table user_logins");
    expect(await cage.escaped()).toEqual([]);
    await cage.database.client.query(`DROP OWNED BY ${role.name}`);
    await role.drop();
  });

  test("if time runs out behind a lock, the batch fails without a trace", async () => {
    const lambda = await cage.start(start);
    expect(await lambda.invoke([])).toEqual([]);
    await cage.database.client.query("BEGIN; LOCK TABLE user_logins");
    expect(await lambda.invoke(batch(), 1)).toMatch("Postgres did not respond within the function's time");
    await cage.database.client.query("ROLLBACK");
    expect((await cage.open()).output).toContain("Postgres did not respond");
    expect(await cage.escaped()).toEqual([]);
  });

  test("if rejections cannot be written, the batch is committed without a trace", async () => {
    await cage.database.client.query("ALTER TABLE rejections ADD CONSTRAINT shut CHECK (receive_count < 0)");
    const lambda = await cage.start(start);
    const odd = record(canaryLogin(cage.canaries, { user_id: null }));
    expect(await lambda.invoke([...batch(), odd])).toEqual([odd.messageId]);
    const { output, log } = await cage.open();
    expect(output).toContain("findings not written");
    expect(log).toContain('violates check constraint "shut"');
    expect(await cage.escaped()).toEqual([]);
  });

  test("if the event is not an SQS event, it fails without a trace", async () => {
    const lambda = await cage.start(start);
    expect(await lambda.invoke([...batch(), { ...record(canaryLogin(cage.canaries)), messageId: "" }])).toMatch("not an SQS event");
    expect((await cage.open()).output).toContain("not an SQS event");
    expect(await cage.escaped()).toEqual([]);
  });
});
