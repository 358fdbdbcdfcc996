import { describe, expect, test } from "@jest/globals";
import { importMasterKey } from "../../lambda/masking/keys.ts";
import { createTelemetry } from "../../lambda/telemetry.ts";
import { TEST_SECRET } from "../support/container.ts";
import { useFixture } from "../support/fixture.ts";
import { record } from "../support/records.ts";

const fixture = useFixture();
const healthy = { batchItemFailures: [] };

describe("an event without messages", () => {
  test("returns no failures, and is not counted as a batch", async () => {
    expect(await fixture.lambda.invoke([])).toEqual(healthy);
    expect(fixture.lambda.reports.batches).toEqual([]);
  });

  test("checks the table again in a running container, which then fails until the table fits again", async () => {
    expect(await fixture.lambda.invoke([record()])).toEqual(healthy);
    await fixture.sql("ALTER TABLE user_logins RENAME locale TO language");
    const mismatch = { code: "table_mismatch" };
    await expect(fixture.lambda.invoke([])).rejects.toMatchObject(mismatch);
    await expect(fixture.lambda.invoke([record()])).rejects.toMatchObject(mismatch);
    await fixture.sql("ALTER TABLE user_logins RENAME language TO locale");
    expect(await fixture.lambda.invoke([record()])).toEqual(healthy);
  });

  test("checks the masking key again", async () => {
    let secret = TEST_SECRET;
    const lambda = fixture.container(undefined, { masterKey: (message) => importMasterKey(secret)(message) });
    expect(await lambda.invoke([])).toEqual(healthy);
    secret = Buffer.alloc(32, 8);
    await expect(lambda.invoke([])).rejects.toMatchObject({ code: "mask_key_mismatch" });
  });

  test("reports that the database is unavailable", async () => {
    expect(await fixture.lambda.invoke([])).toEqual(healthy);
    fixture.proxy.refuse();
    await expect(fixture.lambda.invoke([], 1)).rejects.toMatchObject({ code: "database_unavailable" });
  });

  test("prints nothing if every check passes", async () => {
    const printed: unknown[] = [];
    const { write } = process.stdout;
    process.stdout.write = (chunk) => printed.push(chunk) > 0;
    try {
      await fixture.container(undefined, { reporter: createTelemetry("user-logins") }).invoke([]);
    } finally {
      process.stdout.write = write;
    }
    expect(printed).toEqual([]);
  });
});
