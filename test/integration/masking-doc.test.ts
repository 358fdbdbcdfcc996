import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { deriveKeys, importMasterKey } from "../../lambda/masking/keys.ts";
import { createHmacTokenizer, type MaskSpec } from "../../lambda/masking/tokens.ts";
import { caseless, digits, exact, ip, network, uuidMask } from "../../lambda/pipelines/masks.ts";
import { TEST_SECRET } from "../support/container.ts";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";
import { login } from "../support/records.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/masking.md"), "utf8");
const read = (pattern: RegExp) => page.match(pattern)?.[1] ?? "";

/** The examples of the page, in its order. */
const EXAMPLES: [MaskSpec, string][] = [
  [ip, "192.0.2.7"],
  [exact("device_id"), "593-47-5928"],
  [network({ v4: 24, v6: 48 }), "192.0.2.7"],
  [caseless("email"), "ANN@example.com"],
  [uuidMask("device_uuid"), "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"],
  [digits("phone"), "+49 (30) 123-456"],
];

const identifiers = EXAMPLES.map(([{ identifier }]) => identifier);
const keys = await deriveKeys(importMasterKey(TEST_SECRET), identifiers, "main");
const tokenize = createHmacTokenizer(keys);
const tokens = EXAMPLES.map(([spec, value]) => tokenize(spec, value)?.token);

const fixture = useFixture();
const hasPython = spawnSync("python3", ["--version"]).status === 0;

describe("the checks of docs/masking.md", () => {
  (hasPython ? test : test.skip)("in Python print the function's tokens", () => {
    const script = read(/<<'PY'\n(.*?)\nPY\n/s).replace('open(".masqueue/embedded/mask.key", "rb").read()', 'b"\\7" * 32');
    const { stdout, stderr } = spawnSync("python3", ["-"], { input: script, encoding: "utf8" });
    expect({ stdout: stdout.trim().split("\n"), stderr }).toEqual({ stdout: tokens, stderr: "" });
  });

  test("in Postgres give the function's tokens", async () => {
    const [extension = "", query = ""] = read(/masqueue sql "\n(.*?)"\n/s).split(/(?<=;)\n/);
    await fixture.sql(extension);
    const rows = await fixture.database.rows(query.replace("$KEY", TEST_SECRET.toString("hex")));
    expect(rows).toEqual(identifiers.map((identifier, i) => ({ identifier, token: tokens[i] })));
  });
});

describe("a database with tokens of 67 characters", () => {
  const hmac = (identifier: string, message: Buffer | string) =>
    createHmac("sha256", keys.get(identifier) ?? "")
      .update(message)
      .digest("hex");
  const { ip: address, device_id } = login() as { ip: string; device_id: string };
  const mapped = Buffer.from([1, ...Array<number>(10).fill(0), 0xff, 0xff, ...address.split(".").map(Number)]);
  const tooLong = { ip: `v1.${hmac("ip", mapped)}`, device: `v1.${hmac("device_id", Buffer.from(`\x02${device_id}`))}` };

  test("is refused, and after the statements of docs/masking.md its rows match new ones", async () => {
    await fixture.lambda.invoke(logins(2));
    await fixture.sql(
      `UPDATE user_logins SET masked_ip = '${tooLong.ip}', masked_device_id = CASE WHEN message_id = '${idOf(1)}' THEN '${tooLong.device}' END;
       UPDATE mask_keys SET check_value = '${hmac("ip", "check")}' WHERE identifier IN ('ip', 'user_logins.ip');
       UPDATE mask_keys SET check_value = '${hmac("device_id", "check")}' WHERE identifier LIKE '%device_id';
       INSERT INTO user_logins (masked_ip, create_date, message_id) VALUES (repeat('a', 64), '2022-11-01', 'legacy')`,
    );
    const later = fixture.container();
    await expect(later.invoke(logins(3))).rejects.toMatchObject({ code: "mask_key_mismatch" });

    const statements = read(/```sql\n(.*?)```/s);
    for (let run = 0; run < 2; run++) await fixture.sql(statements);
    expect(await later.failures(logins(3))).toEqual([]);
    expect(await fixture.stored()).toEqual([...idsBut(3), "legacy"]);
    expect(
      await fixture.database.rows("SELECT masked_ip, masked_device_id, count(*)::int FROM user_logins GROUP BY 1, 2 ORDER BY 3, 1"),
    ).toEqual([
      { masked_ip: "a".repeat(64), masked_device_id: null, count: 1 },
      { masked_ip: tokenize(ip, address)?.token, masked_device_id: null, count: 1 },
      { masked_ip: tokenize(ip, address)?.token, masked_device_id: tokenize(exact("device_id"), device_id)?.token, count: 2 },
    ]);
  });
});
