import { appendFileSync, cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { login } from "../support/records.ts";
import { type LocalstackEnv, localstackEnv, until } from "./localstack-env.ts";

const ROOT = join(import.meta.dirname, "../..");

let mine: LocalstackEnv;
beforeAll(async () => {
  mine = await localstackEnv();
});
afterAll(async () => {
  await mine.run("destroy");
  await mine.close();
});

const readCodeHash = async () =>
  (await mine.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "masqueue-local-user-logins" }))).CodeSha256;

/** The project with a change of the function's code. */
function changedProject(): string {
  const copy = join(mine.folder, "project");
  for (const part of ["lambda", "infra", "local", "cdk.json", "package.json", "docker-compose.yml"])
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"), "junction");
  appendFileSync(join(copy, "lambda/functions/ingest.ts"), "\nObject.assign(globalThis, { changed: true });\n");
  return copy;
}

test("a second deployment changes the code while rows keep arriving: none is lost and none is stored twice", async () => {
  const first = await mine.run("deploy");
  expect(first).toMatchObject({ code: 0 });
  mine.use(first);
  const codeBefore = await readCodeHash();
  let isOver = false;
  const second = mine.run("deploy", changedProject()).finally(() => {
    isOver = true;
  });
  const ids: string[] = [];
  for (let round = 0; !isOver || round < 5; round++) {
    ids.push(...(await mine.send(Array.from({ length: 20 }, (_, i) => JSON.stringify(login({ user_id: `${round}-${i}` }))))));
  }
  expect(await second).toMatchObject({ code: 0 });
  expect(await readCodeHash()).not.toBe(codeBefore);
  const stored = async () => (await mine.database.rows("SELECT message_id AS id FROM user_logins")).map(({ id }) => id);
  await until(async () => (await stored()).length >= ids.length);
  expect((await stored()).sort()).toEqual(ids.sort());
  expect(await mine.database.rows("SELECT FROM rejections")).toEqual([]);
});

test("what was deployed is removed whole, and the rows stay", async () => {
  expect(await mine.run("destroy")).toMatchObject({ code: 0, stdout: expect.stringContaining("masqueue-local-ingest-user-logins") });
  await expect(readCodeHash()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  expect(await mine.run("destroy")).toMatchObject({ code: 0, stdout: "There is nothing to remove.\n" });
  expect(await mine.database.rows("SELECT FROM user_logins")).not.toEqual([]);
});
