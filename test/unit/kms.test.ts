import { createHmac } from "node:crypto";
import type { GenerateMacCommand, GenerateMacCommandInput, GenerateMacCommandOutput } from "@aws-sdk/client-kms";
import { describe, expect, test } from "@jest/globals";
import { deriveKeys, type MasterKey, masterKeyFromSecret } from "../../lambda/masking/keys.ts";
import { type MacGenerator, masterKeyInKms } from "../../lambda/masking/kms.ts";
import { hmacTokenizer } from "../../lambda/masking/tokens.ts";
import { exact, ip } from "../../lambda/pipelines/pipeline.ts";

const SECRET = Buffer.alloc(32, 7);
const CANARY = "canary-203.0.113.7";

type Answer = (input: GenerateMacCommandInput) => Uint8Array | undefined;

/** KMS as far as it is used; it computes under a secret as the real one does, unless told otherwise. */
class FakeKms {
  readonly asked: GenerateMacCommandInput[] = [];
  readonly #answer: Answer;

  constructor(answer: Answer = ({ Message = "" }) => createHmac("sha256", SECRET).update(Message).digest()) {
    this.#answer = answer;
  }

  readonly send = (async ({ input }: GenerateMacCommand): Promise<GenerateMacCommandOutput> => {
    this.asked.push(input);
    const Mac = this.#answer(input);
    return { $metadata: {}, ...(Mac && { Mac }) };
  }) as MacGenerator["send"];
}

class Denied extends Error {
  override readonly name = "AccessDeniedException";
}

const tokens = async (master: MasterKey) => {
  const tokenize = hmacTokenizer(await deriveKeys(master, ["ip", "device_id"], "main"));
  return [tokenize(ip, "1.2.3.4"), tokenize(exact("device_id"), "593-47-5928")];
};

describe("a master key in KMS", () => {
  test("gives the tokens that the same secret gives in a file", async () => {
    expect(await tokens(masterKeyInKms("alias/masqueue", new FakeKms()))).toEqual(await tokens(masterKeyFromSecret(SECRET)));
  });

  test("is asked for a MAC once for each identifier, by the key's id", async () => {
    const kms = new FakeKms();
    await tokens(masterKeyInKms("alias/masqueue", kms));
    const question = { KeyId: "alias/masqueue", MacAlgorithm: "HMAC_SHA_256" };
    expect(kms.asked).toEqual([
      { ...question, Message: Buffer.from("masqueue|v1|main|ip") },
      { ...question, Message: Buffer.from("masqueue|v1|main|device_id") },
    ]);
  });

  test("is not asked before a key is needed", () => {
    const kms = new FakeKms();
    masterKeyInKms("alias/masqueue", kms);
    expect(kms.asked).toEqual([]);
  });

  test("that fails once is asked again the next time", async () => {
    let isAway = true;
    const kms = new FakeKms(() => {
      if (isAway) throw new Denied("not now");
      return Buffer.alloc(32, 1);
    });
    const master = masterKeyInKms("alias/masqueue", kms);
    await expect(deriveKeys(master, ["ip"], "main")).rejects.toMatchObject({ code: "mask_key_unavailable" });
    isAway = false;
    const keys = await deriveKeys(master, ["ip"], "main");
    expect(keys.get("ip")?.export()).toEqual(Buffer.alloc(32, 1));
  });

  test("that fails says the kind of failure and withholds its text", async () => {
    const kms = new FakeKms(() => {
      throw new Denied(`User ${CANARY} is not authorized`);
    });
    const failure: unknown = await masterKeyInKms("alias/masqueue", kms)(Buffer.from("x")).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "IngestError", code: "mask_key_unavailable" });
    expect((failure as Error).message).toBe(
      "KMS did not derive a masking key: AccessDeniedException. Check the key's state, its policy and the way to the KMS endpoint.",
    );
    expect((failure as Error).stack).not.toContain(CANARY);
    expect((failure as Error).cause).toBeUndefined();
  });

  test("that fails with something that is no error says so little", async () => {
    const kms = new FakeKms(() => {
      throw CANARY;
    });
    await expect(masterKeyInKms("alias/masqueue", kms)(Buffer.from("x"))).rejects.toThrow(/^KMS did not derive a masking key: unknown\./);
  });

  test("that answers without a MAC fails instead of masking under nothing", async () => {
    const master = masterKeyInKms("alias/masqueue", new FakeKms(() => undefined));
    await expect(master(Buffer.from("x"))).rejects.toMatchObject({
      code: "mask_key_unavailable",
      message: "KMS answered without a MAC.",
    });
  });
});
