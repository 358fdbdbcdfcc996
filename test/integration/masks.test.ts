import { describe, expect, test } from "@jest/globals";
import { useFixture } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";

const fixture = useFixture();

interface Tokens {
  masked_ip: string;
  masked_device_id: string;
}

/** Stores these logins. @returns their tokens, in order */
async function storeLogins(...bodies: Record<string, unknown>[]): Promise<Tokens[]> {
  const messages = bodies.map((body) => record(login(body)));
  expect(await fixture.lambda.failures(messages)).toEqual([]);
  return fixture.database.rows<Tokens & Record<string, unknown>>(
    `SELECT masked_ip, masked_device_id FROM unnest($1::text[]) WITH ORDINALITY AS given (id, n)
     JOIN user_logins ON message_id = id ORDER BY n`,
    [messages.map(({ messageId }) => messageId)],
  );
}

const distinct = (values: readonly string[]) => new Set(values).size;

describe("tokens in the table", () => {
  test.each([
    [["1.2.3.4", " 1.2.3.4\t", "::ffff:1.2.3.4", "::FFFF:1.2.3.4", "::ffff:102:304"]],
    [["2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "2001:db8:0:0::1", " 2001:DB8::0001 "]],
    [["fe80::1", "fe80::1%eth0"]],
  ])("are equal for the same address in the spellings %j", async (spellings) => {
    const tokens = (await storeLogins(...spellings.map((ip) => ({ ip })))).map(({ masked_ip }) => masked_ip);
    expect(tokens).toHaveLength(spellings.length);
    expect(distinct(tokens)).toBe(1);
  });

  test("differ from those of all addresses if a value only looks like an address", async () => {
    const odd = ["010.0.0.1", "1.2.3", "0x7f.1", "localhost", "1.2.3.4:80", "127.1"];
    const addresses = ["10.0.0.1", "8.0.0.1", "1.2.0.3", "127.0.0.1", "1.2.3.4", "::1"];
    const tokens = (await storeLogins(...[...odd, ...addresses].map((ip) => ({ ip })))).map(({ masked_ip }) => masked_ip);
    expect(distinct(tokens)).toBe(odd.length + addresses.length);
    expect(fixture.lambda.reports.last.maskedAsText).toBe(odd.length);
  });

  test("are equal for device ids that differ only in surrounding blanks, but not for different case", async () => {
    const [a, b, c] = await storeLogins({ device_id: "AbC" }, { device_id: "  AbC " }, { device_id: "abc" });
    expect(a?.masked_device_id).toBe(b?.masked_device_id);
    expect(a?.masked_device_id).not.toBe(c?.masked_device_id);
  });

  test("differ between an ip and a device id with the same text", async () => {
    const [tokens] = await storeLogins({ ip: "not-an-address", device_id: "not-an-address" });
    expect(tokens?.masked_ip).not.toBe(tokens?.masked_device_id);
  });

  test("are the same in every container with the same key", async () => {
    const [first] = await storeLogins({});
    const other = record();
    await fixture.container().invoke([other]);
    const rows = await fixture.database.rows("SELECT masked_ip, masked_device_id FROM user_logins WHERE message_id = $1", [
      other.messageId,
    ]);
    expect(rows).toEqual([first]);
  });
});
