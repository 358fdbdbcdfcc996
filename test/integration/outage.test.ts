import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { findFreePort } from "../../local/emulators/postgres/cluster.ts";
import { idsBut, logins, useFixture } from "../support/fixture.ts";
import { holdTable, killSessions, untilWaiting } from "../support/sessions.ts";

const fixture = useFixture();

describe("an unavailable database", () => {
  test("fails the invocation without reporting anything as done, and the next invocation connects again", async () => {
    fixture.proxy.refuse();
    await expect(fixture.lambda.invoke(logins(3), 1)).rejects.toMatchObject({ code: "database_unavailable" });
    expect(fixture.lambda.reports.batches).toEqual([]);
    expect(fixture.lambda.reports.failures.map(({ code }) => code)).toEqual(["database_unavailable"]);
    fixture.proxy.accept();
    expect(await fixture.lambda.failures(logins(3))).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });

  test("that returns within the remaining time fails nothing", async () => {
    await fixture.lambda.invoke(logins(1));
    fixture.proxy.cutAt("client", "COPY user_logins", { thenRefuse: true });
    const answer = fixture.lambda.failures(logins(3));
    setTimeout(() => fixture.proxy.accept(), 200);
    expect(await answer).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });

  test("is reported with the system's error code, without the address", async () => {
    const port = await findFreePort();
    const lambda = fixture.container({ ...fixture.database.config, port });
    const failure = await lambda.invoke(logins(1), 1).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: "database_unavailable", message: expect.stringContaining("(ECONNREFUSED)") });
    expect(JSON.stringify(failure) + String(failure)).not.toContain(String(port));
  });
});

test("a server that accepts the connection and never answers fails the invocation within the function's time", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as { port: number };
  const lambda = fixture.container({ ...fixture.database.config, host: "127.0.0.1", port });
  await expect(lambda.invoke(logins(1), 1)).rejects.toMatchObject({ code: expect.stringMatching(/^(out_of_time|database_unavailable)$/) });
  silent.close();
});

test("a session on a server that became read-only is replaced by a new one, which finds the writable server", async () => {
  await fixture.lambda.invoke([]);
  const name = fixture.database.config.database;
  await fixture.sql(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  const moved = fixture.container();
  const answer = moved.failures(logins(3));
  setTimeout(() => void fixture.sql(`ALTER DATABASE ${name} RESET default_transaction_read_only`), 200);
  expect(await answer).toEqual([]);
  expect(await fixture.stored()).toEqual(idsBut(3));
});

describe("a session that the server ends", () => {
  test("between two batches fails nothing", async () => {
    await fixture.lambda.invoke(logins(1));
    expect(await killSessions(fixture.database)).toBe(1);
    expect(await fixture.lambda.failures(logins(3))).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });

  test.each([1, 2])("during a batch is replaced, and each row is stored once (receive count %i)", async (receiveCount) => {
    await fixture.lambda.invoke([]);
    const release = await holdTable(fixture.database);
    const answer = fixture.lambda.failures(logins(100, () => ({}), { receiveCount }));
    await untilWaiting(fixture.database);
    expect(await killSessions(fixture.database)).toBe(1);
    await release();
    expect(await answer).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(100));
  });
});

describe("a connection that is cut", () => {
  test("during a COPY leaves no row, and the batch is written on a new connection", async () => {
    await fixture.lambda.invoke([]);
    fixture.proxy.cutAt("client", idsBut(100)[50] as string);
    expect(await fixture.lambda.failures(logins(100))).toEqual([]);
    expect(fixture.lambda.reports.last.outcomes.map(({ outcome }) => outcome)).toEqual(Array(100).fill("stored"));
    expect(await fixture.stored()).toEqual(idsBut(100));
  });

  test("during a COPY and cannot be restored fails the invocation, and nothing is stored", async () => {
    await fixture.lambda.invoke([]);
    fixture.proxy.cutAt("client", idsBut(100)[50] as string, { thenRefuse: true });
    await expect(fixture.lambda.invoke(logins(100), 1)).rejects.toMatchObject({ code: "database_unavailable" });
    expect(await fixture.stored()).toEqual([]);
    expect(fixture.lambda.reports.batches).toEqual([]);
  });

  test("before the answer of a committed COPY does not make its rows fail", async () => {
    await fixture.lambda.invoke([]);
    fixture.proxy.takeStatements();
    fixture.proxy.cutAt("server", "COPY 100");
    expect(await fixture.lambda.failures(logins(100))).toEqual([]);
    // A second COPY would be refused by the rows of the first, at the price of dead rows.
    expect(fixture.proxy.takeStatements()).toEqual(["COPY", "INSERT", "SELECT"]);
    expect(fixture.lambda.reports.last.outcomes.map(({ outcome }) => outcome)).toEqual(Array(100).fill("duplicate"));
    expect(await fixture.stored()).toEqual(idsBut(100));
  });

  test("before the answer of a committed COPY and is not restored fails the invocation; the redelivery stores each row once", async () => {
    await fixture.lambda.invoke([]);
    fixture.proxy.cutAt("server", "COPY 100", { thenRefuse: true });
    await expect(fixture.lambda.invoke(logins(100), 1)).rejects.toMatchObject({ code: "database_unavailable" });
    expect(fixture.lambda.reports.batches).toEqual([]);
    fixture.proxy.accept();
    expect(await fixture.lambda.failures(logins(100, () => ({}), { receiveCount: 2 }))).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(100));
  });
});
