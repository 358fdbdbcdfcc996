import { describe, expect, test } from "@jest/globals";
import { type Config, readConfig } from "../../lambda/config.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { toQueue } from "../../lambda/pipelines/queue.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";

const LAMBDA = { AWS_LAMBDA_FUNCTION_NAME: "masqueue-user-logins" };

/** Reads the configuration of a pipeline with this masking. */
function configure(masking: Pipeline["masking"], variables: Record<string, string> = {}): Config {
  const pipeline: Pipeline = { ...userLogins, masking };
  const environment = { PIPELINE: "user-logins", PGHOST: "localhost", PGUSER: "masqueue", PGDATABASE: "logins", ...variables };
  return readConfig(environment, { "user-logins": toQueue(pipeline) });
}

describe("masking by plain SHA-256", () => {
  test("is refused in a deployed function, with an instruction", () => {
    for (const masking of [{ sha256: true }, { sha256: true, acceptReversible: false }] as const) {
      expect(() => configure(masking, LAMBDA)).toThrow(
        expect.objectContaining({
          code: "configuration",
          message:
            "Pipeline user-logins masks by plain SHA-256, which anyone can reverse. " +
            'Use "hmac", or set acceptReversible: true in its declaration.',
        }),
      );
    }
  });

  test("is accepted in a deployed function if the pipeline accepts reversible masks", () => {
    const config = configure({ sha256: true, acceptReversible: true }, LAMBDA);
    expect(config.queue.masking).toEqual({ sha256: true, acceptReversible: true });
  });

  test("is accepted outside Lambda, and needs no key", () => {
    expect(configure({ sha256: true }).masking).toEqual({ mode: "sha256" });
  });

  test("is not the fallback for a missing key", () => {
    expect(() => configure("hmac", LAMBDA)).toThrow(/^No masking key: /);
  });
});
