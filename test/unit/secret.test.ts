import { afterEach, describe, expect, test } from "@jest/globals";
import { readPassword, readSecret } from "../../lambda/aws/secret.ts";
import { type Answer, type AwsJson, refusal, startAwsJson } from "../support/aws-json.ts";

const CANARY = "canary-password";
let manager: AwsJson;

afterEach(() => manager.close());

async function aws(answer: Answer) {
  manager = await startAwsJson(answer);
  return manager.aws();
}
const holding = (SecretString: unknown) => aws(() => ({ body: { SecretString } }));

describe("a secret", () => {
  test("is read by its id, anew each time", async () => {
    let version = 0;
    const rotated = await aws(() => ({ body: { SecretString: `v${++version}` } }));
    expect([await readSecret("db", "DB_SECRET", rotated), await readSecret("db", "DB_SECRET", rotated)]).toEqual(["v1", "v2"]);
    expect(manager.calls.map(({ target, input }) => ({ target, input }))).toEqual(
      Array(2).fill({ target: "secretsmanager.GetSecretValue", input: { SecretId: "db" } }),
    );
  });

  test("that cannot be read fails with the reason, without AWS's text", async () => {
    const refused = await aws(() => refusal("AccessDeniedException", CANARY));
    const failure: unknown = await readSecret("db", "DB_SECRET", refused).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "login_unavailable",
      message:
        "The secret that DB_SECRET names cannot be used: AccessDeniedException. Check the secret, the function's permission to read it and the route to the Secrets Manager endpoint.",
    });
    expect((failure as Error).stack).not.toContain(CANARY);
  });

  test("is never named by its id, in whose place a password may stand by mistake", async () => {
    for (const answer of [refusal("ValidationException"), { body: {} }, { body: { SecretString: "{}" } }]) {
      const failure: unknown = await readPassword(CANARY, "DB_SECRET", await aws(() => answer)).catch((error: unknown) => error);
      expect((failure as Error).message).toContain("DB_SECRET");
      expect((failure as Error).stack).not.toContain(CANARY);
      await manager.close();
    }
  });

  test("that is binary is not accepted", async () => {
    const binary = await aws(() => ({ body: { SecretBinary: "AAAA" } }));
    await expect(readSecret("db", "DB_SECRET", binary)).rejects.toMatchObject({ code: "login_unavailable" });
  });
});

describe("the password of a secret", () => {
  test.each([
    ["its text", "p4ss word", "p4ss word"],
    ["its text, although that is a number in JSON", "123456", "123456"],
    ["its text, although that is null in JSON", "null", "null"],
    ["its text, although that starts like JSON", '{"p', '{"p'],
    ["the member of its JSON object", '{"username":"u","password":"p"}', "p"],
  ])("is %s", async (_what, text, password) => {
    expect(await readPassword("db", "DB_SECRET", await holding(text))).toBe(password);
  });

  test.each(['{"username":"u"}', '{"password":7}', "[]"])("is missing in %s, which is reported without quoting it", async (text) => {
    const failure: unknown = await readPassword("db", "DB_SECRET", await holding(text)).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "login_unavailable",
      message: expect.stringContaining('a JSON object without a text "password"'),
    });
    expect((failure as Error).message).not.toContain(text);
  });
});
