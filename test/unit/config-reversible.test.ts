import { describe, expect, test } from "@jest/globals";
import { type Config, readConfig } from "../../lambda/config.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";

const LAMBDA = { AWS_LAMBDA_FUNCTION_NAME: "masqueue-user-logins" };

/** The configuration of a pipeline that masks like this. */
function configured(masking: Pipeline["masking"], where: Record<string, string> = {}): Config {
  const pipeline: Pipeline = { ...userLogins, masking };
  const environment = { PIPELINE: "user-logins", PGHOST: "localhost", PGUSER: "masqueue", PGDATABASE: "logins", ...where };
  return readConfig(environment, { "user-logins": pipeline });
}

describe("masking by plain SHA-256", () => {
  test("is refused in a deployed function, with what to do", () => {
    for (const masking of [{ sha256: true }, { sha256: true, acceptReversible: false }] as const) {
      expect(() => configured(masking, LAMBDA)).toThrow(
        expect.objectContaining({
          code: "configuration",
          message:
            "Pipeline user-logins masks by plain SHA-256, which anyone can reverse. " +
            'Use "hmac", or set acceptReversible: true in its declaration.',
        }),
      );
    }
  });

  test("is taken by a deployed function whose pipeline accepts that it is reversible", () => {
    const config = configured({ sha256: true, acceptReversible: true }, LAMBDA);
    expect(config.pipeline.masking).toEqual({ sha256: true, acceptReversible: true });
  });

  test("is taken outside Lambda, and needs no key", () => {
    expect(configured({ sha256: true }).masking).toEqual({ mode: "sha256" });
  });

  test("is not what a missing key falls back to", () => {
    expect(() => configured("hmac", LAMBDA)).toThrow(/^No masking key: /);
  });
});
