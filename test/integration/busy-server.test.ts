import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import pg from "pg";
import { MigrationError } from "../../lambda/errors.ts";
import { migrate } from "../../lambda/schema/runner.ts";
import { connected, MASTER } from "../support/roles.ts";
import { ALL_FILES, useSchemaDeployment } from "../support/schema-deployment.ts";

const fixture = useSchemaDeployment();

const limit = (connections: number) =>
  fixture.server.sql(`ALTER DATABASE ${fixture.database.config.database} CONNECTION LIMIT ${connections}`);

describe("a deployment to a server that accepts no more connections", () => {
  test("continues when the server accepts connections again", async () => {
    await fixture.createRolesByHand();
    await limit(0);
    const deployment = fixture.deploy({ pauses: Array(100).fill(50) });
    await wait(200);
    await limit(-1);
    expect(await deployment).toEqual(ALL_FILES);
  });

  test("finally fails with an instruction", async () => {
    await fixture.createRolesByHand();
    await limit(0);
    expect(await fixture.failure()).toMatch(
      /^Postgres refused the connection to database test_\w+ \(SQLSTATE 53300\)\. All connections are taken: /,
    );
    await limit(-1);
  });
});

describe("a migration that waits for another one", () => {
  test("gives up with an error that names the session and the statement that ends it", async () => {
    const holder = new pg.Client(fixture.database.config);
    await holder.connect();
    await holder.query("SELECT pg_advisory_lock(7241865)");
    const { pid } = (await holder.query("SELECT pg_backend_pid() AS pid")).rows[0];
    const failure = await connected({ ...fixture.database.config, ...MASTER }, (client) =>
      migrate(client, { advisoryLockTimeout: 100 }),
    ).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(MigrationError);
    expect(failure).toMatchObject({ message: expect.stringContaining(`session ${pid} of role ${fixture.database.config.user}.`) });
    expect(failure).toMatchObject({ message: expect.stringContaining(`SELECT pg_terminate_backend(${pid});`) });
    expect(await fixture.database.rows("SELECT to_regclass('masqueue_migrations') AS made")).toEqual([{ made: null }]);
    await holder.end();
  });

  test("has a separate lock timeout for tables", async () => {
    await connected({ ...fixture.database.config, ...MASTER }, async (client) => {
      await migrate(client, { lockTimeout: 1234, advisoryLockTimeout: 60_000 });
      expect((await client.query("SHOW lock_timeout")).rows).toEqual([{ lock_timeout: "1234ms" }]);
    });
  });
});
