import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { isPooled } from "../../lambda/postgres/postgres-store.ts";
import type { Container } from "../support/container.ts";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";
import { PGBOUNCER, type PgBouncer, startPgBouncer } from "../support/pgbouncer.ts";
import { holdTable, killSessions, untilWaiting } from "../support/sessions.ts";

const [suite, title] = PGBOUNCER
  ? [describe, "through PgBouncer in transaction mode, with one connection to the server for all,"]
  : [describe.skip, "through PgBouncer: skipped, because pgbouncer is not installed:"];

suite(title, () => {
  const fixture = useFixture();
  let pooler: PgBouncer;
  let one: Container;
  let other: Container;

  beforeEach(async () => {
    pooler = await startPgBouncer(fixture.proxy.config);
    one = fixture.container(pooler.config);
    other = fixture.container(pooler.config);
    for (const { invoke } of [one, other]) await invoke([]);
    takeStatements();
  });
  afterEach(() => pooler.stop());

  /** Takes the statements that reached the server, without the pooler's SET when it changes clients. */
  const takeStatements = () => fixture.proxy.takeStatements().filter((word) => word !== "SET");
  const again = { receiveCount: 2 };
  const refuseBad = () => fixture.sql("ALTER TABLE user_logins ADD CHECK (locale <> 'bad')");

  test("a batch is inserted, and its redelivery to another container finds its rows", async () => {
    expect(await one.failures(logins(100))).toEqual([]);
    expect(await other.failures(logins(100, () => ({}), again))).toEqual([]);
    expect(takeStatements()).toEqual(["INSERT", "INSERT", "SELECT"]);
    expect(other.reports.last.outcomes.map(({ outcome }) => outcome)).toEqual(Array(100).fill("duplicate"));
    expect(await fixture.stored()).toEqual(idsBut(100));
  });

  test("the pooler is still detected if another process of the server answers", async () => {
    const client = new pg.Client({ ...pooler.config, application_name: "lambda" });
    await client.connect();
    const pid = async () => (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid;
    const before = await pid();
    await pooler.reconnect();
    expect(await isPooled(client)).toBe(true);
    expect(await pid()).not.toBe(before);
    await client.end();
  });

  describe("the connection is free for another container", () => {
    const size = 1_000;
    const expectFree = async () => {
      expect(await other.failures(logins(size + 1).slice(size))).toEqual([]);
      expect(takeStatements()).not.toContain("COPY");
    };

    test("after a batch with a duplicate", async () => {
      await one.invoke(logins(1));
      expect(await one.failures(logins(size))).toEqual([]);
      await expectFree();
      expect(await fixture.stored()).toEqual(idsBut(size + 1));
    });

    test("after a batch with a refused row", async () => {
      await refuseBad();
      expect(await one.failures(logins(size, (i) => (i === 700 ? { locale: "bad" } : {})))).toEqual([idOf(700)]);
      await expectFree();
      expect(await fixture.stored()).toEqual(idsBut(size + 1, 700));
    });

    test("after a batch with several refused rows and one without a partition", async () => {
      await fixture.sql(`CREATE TABLE parts (LIKE user_logins INCLUDING ALL, CHECK (locale <> 'bad')) PARTITION BY RANGE (create_date);
        CREATE TABLE march PARTITION OF parts FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
        DROP TABLE user_logins; ALTER TABLE parts RENAME TO user_logins`);
      const bad = [3, 70, 71, 700];
      const fields = (i: number) => (i === 700 ? { create_date: "2999-01-01" } : bad.includes(i) ? { locale: "bad" } : {});
      expect(await one.failures(logins(size, fields))).toEqual(bad.map(idOf));
      expect((await fixture.rejected()).map(({ code }) => code)).toEqual([...Array(3).fill("refused_by_database"), "no_partition"]);
      await expectFree();
      expect(await fixture.stored()).toEqual(idsBut(size + 1, ...bad));
    });

    test("after a batch that fails as a whole", async () => {
      await fixture.sql("ALTER TABLE user_logins RENAME TO away");
      await expect(one.invoke(logins(size))).rejects.toMatchObject({ code: "database_refused", sqlstate: "42P01" });
      await fixture.sql("ALTER TABLE away RENAME TO user_logins");
      await expectFree();
      expect(await fixture.stored()).toEqual([idOf(size)]);
    });

    test("that waits while a batch with a bad row is inserted and searched", async () => {
      await refuseBad();
      const release = await holdTable(fixture.database);
      const refused = one.failures(logins(100, (i) => (i === 7 ? { locale: "bad" } : {})));
      await untilWaiting(fixture.database);
      const waiting = other.failures(logins(200).slice(100));
      await pooler.untilQueued();
      await release();
      expect(await Promise.all([refused, waiting])).toEqual([[idOf(7)], []]);
      expect(await fixture.rejected()).toEqual([{ message_id: idOf(7), code: "refused_by_database", field: null, sqlstate: "23514" }]);
      expect(await fixture.stored()).toEqual(idsBut(200, 7));
    });
  });

  test.each([
    ["a pooler that is killed during a batch and restarted fails nothing", () => pooler.restart()],
    ["a session that the server ends during a batch is replaced", () => killSessions(fixture.database)],
  ])("%s, and each row is stored once", async (_what, end) => {
    const release = await holdTable(fixture.database);
    const answer = one.failures(logins(100));
    await untilWaiting(fixture.database);
    await end();
    await release();
    expect(await answer).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(100));
  });

  test("a server that the pooler loses during a batch fails the invocation, and the redelivery stores each row once", async () => {
    fixture.proxy.cutAt("client", idOf(50));
    // The pooler then answers for the server, and reports a protocol violation.
    await expect(one.invoke(logins(100))).rejects.toMatchObject({ code: "database_refused", sqlstate: "08P01" });
    expect(one.reports.batches).toEqual([]);
    expect(await fixture.stored()).toEqual([]);
    expect(await one.failures(logins(100, () => ({}), again))).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(100));
  });
});
