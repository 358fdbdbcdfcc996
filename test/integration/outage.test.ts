import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { freePort } from "../../local/emulators/postgres/cluster.ts";
import { idsBut, logins, useScene } from "../support/scene.ts";
import { holdTable, killSessions, untilWaiting } from "../support/sessions.ts";

const scene = useScene();

describe("a database that is away", () => {
  test("fails the invocation, reports nothing as done, and is found again by the next one", async () => {
    scene.proxy.refuse();
    await expect(scene.lambda.invoke(logins(3), 1)).rejects.toMatchObject({ code: "database_unavailable" });
    expect(scene.lambda.reports.batches).toEqual([]);
    expect(scene.lambda.reports.failures.map(({ code }) => code)).toEqual(["database_unavailable"]);
    scene.proxy.accept();
    expect(await scene.lambda.failures(logins(3))).toEqual([]);
    expect(await scene.stored()).toEqual(idsBut(3));
  });

  test("and comes back within the time left fails nothing", async () => {
    await scene.lambda.invoke(logins(1));
    scene.proxy.cutAt("client", "COPY user_logins", { thenRefuse: true });
    const answer = scene.lambda.failures(logins(3));
    setTimeout(() => scene.proxy.accept(), 200);
    expect(await answer).toEqual([]);
    expect(await scene.stored()).toEqual(idsBut(3));
  });

  test("is told by the system's own code, without the address", async () => {
    const port = await freePort();
    const lambda = scene.container({ ...scene.database.config, port });
    const failure = await lambda.invoke(logins(1), 1).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: "database_unavailable", message: expect.stringContaining("(ECONNREFUSED)") });
    expect(JSON.stringify(failure) + String(failure)).not.toContain(String(port));
  });
});

test("a server that takes the connection and never answers fails the invocation within the function's time", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as { port: number };
  const lambda = scene.container({ ...scene.database.config, host: "127.0.0.1", port });
  await expect(lambda.invoke(logins(1), 1)).rejects.toMatchObject({ code: expect.stringMatching(/^(out_of_time|database_unavailable)$/) });
  silent.close();
});

test("a session on a server that has become read-only is given up for a new one, which finds the writable server", async () => {
  await scene.lambda.invoke([]);
  const name = scene.database.config.database;
  await scene.sql(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  const moved = scene.container();
  const answer = moved.failures(logins(3));
  setTimeout(() => void scene.sql(`ALTER DATABASE ${name} RESET default_transaction_read_only`), 200);
  expect(await answer).toEqual([]);
  expect(await scene.stored()).toEqual(idsBut(3));
});

describe("a session that the server ends", () => {
  test("between two batches costs nothing", async () => {
    await scene.lambda.invoke(logins(1));
    expect(await killSessions(scene.database)).toBe(1);
    expect(await scene.lambda.failures(logins(3))).toEqual([]);
    expect(await scene.stored()).toEqual(idsBut(3));
  });

  test.each([1, 2])("under a batch is replaced, and each row stands once (receive count %i)", async (receiveCount) => {
    await scene.lambda.invoke([]);
    const release = await holdTable(scene.database);
    const answer = scene.lambda.failures(logins(100, () => ({}), { receiveCount }));
    await untilWaiting(scene.database);
    expect(await killSessions(scene.database)).toBe(1);
    await release();
    expect(await answer).toEqual([]);
    expect(await scene.stored()).toEqual(idsBut(100));
  });
});

describe("a connection that is cut", () => {
  test("under a COPY leaves nothing, and the batch is written on a new one", async () => {
    await scene.lambda.invoke([]);
    scene.proxy.cutAt("client", idsBut(100)[50] as string);
    expect(await scene.lambda.failures(logins(100))).toEqual([]);
    expect(scene.lambda.reports.last.outcomes.map(({ outcome }) => outcome)).toEqual(Array(100).fill("stored"));
    expect(await scene.stored()).toEqual(idsBut(100));
  });

  test("under a COPY and not to be made again fails the invocation, with nothing stored", async () => {
    await scene.lambda.invoke([]);
    scene.proxy.cutAt("client", idsBut(100)[50] as string, { thenRefuse: true });
    await expect(scene.lambda.invoke(logins(100), 1)).rejects.toMatchObject({ code: "database_unavailable" });
    expect(await scene.stored()).toEqual([]);
    expect(scene.lambda.reports.batches).toEqual([]);
  });

  test("before the answer of a COPY that is committed is not taken for a failure of its rows", async () => {
    await scene.lambda.invoke([]);
    scene.proxy.cutAt("server", "COPY 100");
    expect(await scene.lambda.failures(logins(100))).toEqual([]);
    expect(scene.lambda.reports.last.outcomes.map(({ outcome }) => outcome)).toEqual(Array(100).fill("duplicate"));
    expect(await scene.stored()).toEqual(idsBut(100));
  });

  test("there and not to be made again fails the invocation; after the redelivery each row stands once", async () => {
    await scene.lambda.invoke([]);
    scene.proxy.cutAt("server", "COPY 100", { thenRefuse: true });
    await expect(scene.lambda.invoke(logins(100), 1)).rejects.toMatchObject({ code: "database_unavailable" });
    expect(scene.lambda.reports.batches).toEqual([]);
    scene.proxy.accept();
    expect(await scene.lambda.failures(logins(100, () => ({}), { receiveCount: 2 }))).toEqual([]);
    expect(await scene.stored()).toEqual(idsBut(100));
  });
});
