import { describe, expect, test } from "@jest/globals";
import { importMasterKey } from "../../lambda/masking/keys.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { idsBut, logins, useFixture } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";

const fixture = useFixture();

const OTHER_KEY = { masterKey: importMasterKey(Buffer.alloc(32, 8)) };
const SHA256 = { pipeline: { ...userLogins, masking: { sha256: true as const } } };
/** Reads the readProofs of the domain `main`, and expects the same values for the table. */
const readProofs = async () => {
  const all = await fixture.database.rows("SELECT identifier, version, check_value FROM mask_keys ORDER BY identifier");
  const ofTable = all.filter(({ identifier }) => String(identifier).startsWith("user_logins."));
  const ofDomain = all.filter((proof) => !ofTable.includes(proof));
  expect(ofTable).toEqual(ofDomain.map((proof) => ({ ...proof, identifier: `user_logins.${proof.identifier}` })));
  return ofDomain;
};

describe("the first container", () => {
  test("registers a different proof for each identifier, and none is a token", async () => {
    await fixture.lambda.invoke(logins(1));
    expect(await readProofs()).toEqual([
      { identifier: "device_id", version: "v1", check_value: expect.stringMatching(/^[0-9a-f]{32}$/) },
      { identifier: "ip", version: "v1", check_value: expect.stringMatching(/^[0-9a-f]{32}$/) },
    ]);
    const [device, ip] = (await readProofs()).map(({ check_value }) => check_value);
    expect(device).not.toBe(ip);
  });

  test("may start at the same time as another one with the same key", async () => {
    const containers = [fixture.container(), fixture.container()];
    const [one, other] = [logins(1), logins(2).slice(1)];
    expect(await Promise.all([containers[0]?.failures(one), containers[1]?.failures(other)])).toEqual([[], []]);
    expect(await readProofs()).toHaveLength(2);
    expect(await fixture.stored()).toEqual(idsBut(2));
  });

  test("may start at the same time as another one with a different key: one wins, the other fails and stores nothing", async () => {
    const containers = [fixture.container(), fixture.container(fixture.database.config, OTHER_KEY)];
    const answers = await Promise.allSettled(containers.map(({ invoke }) => invoke(logins(3))));
    expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(answers.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "mask_key_mismatch" } });
    const tokens = await fixture.database.rows("SELECT DISTINCT masked_ip FROM user_logins");
    expect(tokens).toHaveLength(1);
    expect(await readProofs()).toHaveLength(2);
  });
});

describe("a later container", () => {
  test("with the same key works, and leaves the readProofs unchanged", async () => {
    await fixture.lambda.invoke(logins(1));
    const before = await readProofs();
    expect(await fixture.container().failures(logins(3))).toEqual([]);
    expect(await readProofs()).toEqual(before);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });

  test.each([
    ["another key than that of the rows", {}, OTHER_KEY],
    ["SHA-256 for rows that a key masked", {}, SHA256],
    ["a key for rows that SHA-256 masked", SHA256, {}],
    ["another domain than that of the rows", {}, { pipeline: { ...userLogins, domain: "other" } }],
  ])("with %s fails, names the identifiers and stores nothing", async (_what, first, second) => {
    await fixture.container(fixture.database.config, first).invoke(logins(1));
    const before = await readProofs();
    const late = fixture.container(fixture.database.config, second);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(late.invoke(logins(3))).rejects.toMatchObject({
        code: "mask_key_mismatch",
        message: expect.stringMatching(/\((ip, device_id|device_id, ip)\)/),
      });
    }
    expect(await fixture.stored()).toEqual(idsBut(1));
    expect(await readProofs()).toEqual(before);
  });

  test("with an additional identifier registers only that one", async () => {
    const columns = userLogins.columns.filter((column) => column.name !== "masked_device_id");
    await fixture.container(fixture.database.config, { pipeline: { ...userLogins, columns } }).invoke(logins(1));
    const [ip] = await readProofs();
    expect(await readProofs()).toHaveLength(1);
    expect(await fixture.lambda.failures(logins(3))).toEqual([]);
    expect(await readProofs()).toEqual([expect.objectContaining({ identifier: "device_id" }), ip]);
  });
});

test("masking by SHA-256 agrees with Python's hashlib for the text as it was sent", async () => {
  const body = login({ ip: " 1.2.3.4", device_id: "Gerät" });
  expect(await fixture.container(fixture.database.config, SHA256).failures([record(body)])).toEqual([]);
  expect(await fixture.database.rows("SELECT masked_ip, masked_device_id FROM user_logins")).toEqual([
    {
      masked_ip: "2f4c32c60120e2ef7b96cdbaf2ec13cfd5be5637d7f9771d370c74fb1465f6da",
      masked_device_id: "b32db78620d9fa3b05211fb36ef8206082c2b62f81858073d8c552842fd4232e",
    },
  ]);
});
