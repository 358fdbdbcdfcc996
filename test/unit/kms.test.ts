import { afterEach, describe, expect, test } from "@jest/globals";
import { readAws } from "../../lambda/aws/environment.ts";
import { deriveKeys, importMasterKey, type MasterKey } from "../../lambda/masking/keys.ts";
import { openKmsKey } from "../../lambda/masking/kms.ts";
import { createHmacTokenizer } from "../../lambda/masking/tokens.ts";
import { exact, ip } from "../../lambda/pipelines/pipeline.ts";
import { type Answer, type AwsJson, kmsWith, refusal, startAwsJson } from "../support/aws-json.ts";

const SECRET = Buffer.alloc(32, 7);
const CANARY = "canary-203.0.113.7";
let kms: AwsJson;

/** Starts a KMS and returns its key. By default it computes under a secret, as the real one does. */
async function keyInKms(answer: Answer = kmsWith(SECRET)): Promise<MasterKey> {
  kms = await startAwsJson(answer);
  return openKmsKey("alias/masqueue", kms.aws());
}

afterEach(() => kms.close());

const tokens = async (master: MasterKey) => {
  const tokenize = createHmacTokenizer(await deriveKeys(master, ["ip", "device_id"], "main"));
  return [tokenize(ip, "1.2.3.4"), tokenize(exact("device_id"), "593-47-5928")];
};

describe("a master key in KMS", () => {
  test("gives the tokens that the same secret gives in a file", async () => {
    expect(await tokens(await keyInKms())).toEqual(await tokens(importMasterKey(SECRET)));
  });

  test("computes a MAC once for each identifier, by the key's id", async () => {
    await tokens(await keyInKms());
    const question = { KeyId: "alias/masqueue", MacAlgorithm: "HMAC_SHA_256" };
    expect(kms.calls.map(({ target, input: { Message, ...input } }) => ({ target, input, text: atob(String(Message)) }))).toEqual(
      ["masqueue|v1|main|ip", "masqueue|v1|main|device_id"].map((text) => ({ target: "TrentService.GenerateMac", input: question, text })),
    );
  });

  test("is not called before a key is needed", async () => {
    await keyInKms();
    expect(kms.calls).toEqual([]);
  });

  test("that fails once is called again the next time", async () => {
    let isAway = true;
    const master = await keyInKms((call) => (isAway ? refusal("DisabledException") : kmsWith(SECRET)(call)));
    await expect(deriveKeys(master, ["ip"], "main")).rejects.toMatchObject({ code: "mask_key_unavailable" });
    isAway = false;
    expect((await deriveKeys(master, ["ip"], "main")).size).toBe(1);
  });

  test("that fails reports the kind of failure and withholds its text", async () => {
    const master = await keyInKms(() => refusal("AccessDeniedException", `User ${CANARY} is not authorized`));
    const failure: unknown = await master(Buffer.from("x")).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "IngestError", code: "mask_key_unavailable" });
    expect((failure as Error).message).toBe(
      "KMS did not derive a masking key: AccessDeniedException. Check the key's state, its policy and the route to the KMS endpoint.",
    );
    expect((failure as Error).stack).not.toContain(CANARY);
    expect((failure as Error).cause).toBeUndefined();
  });

  test("reports what is missing in the environment", async () => {
    await keyInKms();
    const master = openKmsKey("alias/masqueue", readAws({ AWS_ENDPOINT_URL: kms.url }));
    await expect(master(Buffer.from("x"))).rejects.toMatchObject({ code: "configuration" });
  });

  test.each([{}, { Mac: "" }, { Mac: null }, { Mac: "bWFj" }])(
    "that answers without a MAC fails, instead of masking under nothing: %j",
    async (body) => {
      const master = await keyInKms(() => ({ body }));
      await expect(master(Buffer.from("x"))).rejects.toMatchObject({
        code: "mask_key_unavailable",
        message:
          "KMS did not derive a masking key: its response has no MAC. Check the key's state, its policy and the route to the KMS endpoint.",
      });
    },
  );
});
