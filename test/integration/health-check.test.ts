import { describe, expect, test } from "@jest/globals";
import { masterKeyFromSecret } from "../../lambda/masking/keys.ts";
import { telemetry } from "../../lambda/telemetry.ts";
import { TEST_SECRET } from "../support/container.ts";
import { record } from "../support/records.ts";
import { useScene } from "../support/scene.ts";

const scene = useScene();
const healthy = { batchItemFailures: [] };

describe("an event without messages", () => {
  test("is answered with no failures, and is no batch in any count", async () => {
    expect(await scene.lambda.invoke([])).toEqual(healthy);
    expect(scene.lambda.reports.batches).toEqual([]);
  });

  test("checks the table anew in a container that has worked, which then works no more until it fits again", async () => {
    expect(await scene.lambda.invoke([record()])).toEqual(healthy);
    await scene.sql("ALTER TABLE user_logins RENAME locale TO language");
    const mismatch = { code: "table_mismatch" };
    await expect(scene.lambda.invoke([])).rejects.toMatchObject(mismatch);
    await expect(scene.lambda.invoke([record()])).rejects.toMatchObject(mismatch);
    await scene.sql("ALTER TABLE user_logins RENAME language TO locale");
    expect(await scene.lambda.invoke([record()])).toEqual(healthy);
  });

  test("checks the key anew, wherever that lives", async () => {
    let secret = TEST_SECRET;
    const lambda = scene.container(undefined, { masterKey: (message) => masterKeyFromSecret(secret)(message) });
    expect(await lambda.invoke([])).toEqual(healthy);
    secret = Buffer.alloc(32, 8);
    await expect(lambda.invoke([])).rejects.toMatchObject({ code: "mask_key_mismatch" });
  });

  test("says that the database is away", async () => {
    expect(await scene.lambda.invoke([])).toEqual(healthy);
    scene.proxy.refuse();
    await expect(scene.lambda.invoke([], 1)).rejects.toMatchObject({ code: "database_unavailable" });
  });

  test("prints nothing where all is well", async () => {
    const printed: unknown[] = [];
    const { write } = process.stdout;
    process.stdout.write = (chunk) => printed.push(chunk) > 0;
    try {
      await scene.container(undefined, { reporter: telemetry("user-logins") }).invoke([]);
    } finally {
      process.stdout.write = write;
    }
    expect(printed).toEqual([]);
  });
});
