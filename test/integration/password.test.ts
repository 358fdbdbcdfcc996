import { describe, expect, test } from "@jest/globals";
import { Deadline } from "../../lambda/deadline.ts";
import { IngestError } from "../../lambda/errors.ts";
import { Database } from "../../lambda/postgres/database.ts";
import { useFixture } from "../support/fixture.ts";

const fixture = useFixture({ migrated: false });

/** A database whose password comes from a function. */
const database = (password: () => string | Promise<string>) => new Database({ ...fixture.proxy.config, password });
const right = () => String(fixture.database.config.password);
const select = (one: Database, milliseconds = 20_000) =>
  one.run(async (client) => (await client.query("SELECT 1 AS one")).rows, new Deadline(milliseconds));

describe("a password from a function", () => {
  test("is read once for each connection", async () => {
    let calls = 0;
    const one = database(() => {
      calls++;
      return right();
    });
    await select(one);
    await select(one);
    expect(calls).toBe(1);
    fixture.proxy.refuse();
    fixture.proxy.accept();
    await select(one);
    expect(calls).toBe(2);
    await one.close();
  });

  test("that the server refuses is read once more, since a token may have expired", async () => {
    const answers = ["old token", right()];
    const one = database(async () => answers.shift() ?? "");
    expect(await select(one)).toEqual([{ one: 1 }]);
    expect(answers).toEqual([]);
    await one.close();
  });

  test("that the server refuses twice fails the run", async () => {
    let calls = 0;
    const run = select(database(() => `wrong ${++calls}`));
    await expect(run).rejects.toMatchObject({ code: "database_refused", sqlstate: "28P01" });
    expect(calls).toBe(2);
  });

  test("that cannot be read fails the run with the function's error, before the server is called", async () => {
    const error = new IngestError("login_unavailable", "The secret that DB_SECRET names cannot be used: AccessDeniedException.");
    await expect(select(database(() => Promise.reject(error)))).rejects.toBe(error);
    expect(
      await fixture.database.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"),
    ).toEqual([]);
  });

  test("that fails with a foreign error fails the run without its text", async () => {
    const run = select(
      database(() => Promise.reject(new TypeError("canary"))),
      500,
    );
    await expect(run).rejects.toMatchObject({ code: "database_unavailable", message: expect.not.stringContaining("canary") });
  });

  test("that does not arrive fails the run within its time", async () => {
    const run = select(
      database(() => new Promise<string>(() => {})),
      300,
    );
    await expect(run).rejects.toMatchObject({ code: "login_unavailable" });
  });
});
