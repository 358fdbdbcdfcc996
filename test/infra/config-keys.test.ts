import { describe, expect, test } from "@jest/globals";
import { readAwsStage } from "../../infra/config/read.ts";
import { complaint, complaintOf, KEY, PIPELINES, read } from "./config-cases.ts";

describe("a stage is refused", () => {
  test("if it is unknown, and the known ones are listed", () => {
    expect(complaint({ stage: "prodd", stages: { qa: {} } })).toBe('stage is "prodd"; it must be one of dev, staging, prod, local, qa.');
    expect(complaint({ stage: undefined })).toMatch(/^stage is undefined; it must be one of dev/);
    expect(complaint({ stage: "constructor" })).toMatch(/must be one of dev/);
  });

  test.each(["Prod", "1st", "a_b", "a.b", `a${"b".repeat(20)}`, "", "__proto__", "a-", "a--b", "-a"])("called %j", (stage) => {
    expect(complaint(JSON.parse(`{"stage":${JSON.stringify(stage)},"stages":{${JSON.stringify(stage)}:{}}}`))).toMatch(
      /^stage is ".*"; it must be up to 20 lower-case letters, digits and single hyphens between them/,
    );
  });

  test("whose entry is not an object", () => {
    expect(complaintOf(5)).toMatch(/^stages\.dev is 5; it must be an object with keys from keepData, network,/);
    expect(complaintOf(null)).toMatch(/^stages\.dev is null;/);
    expect(complaint({ stages: [] })).toBe("stages is []; it must be an object with an object for each stage.");
  });
});

test("stage local is not deployed to AWS", () => {
  expect(() => readAwsStage({ stage: "local" }, PIPELINES)).toThrow(
    'stage is "local"; it must be a stage in AWS; npm run local:deploy deploys stage local to LocalStack.',
  );
  expect(readAwsStage({ stage: "dev" }, PIPELINES)).toEqual(read());
});

describe("an unknown key is refused, and the known keys at its place are listed,", () => {
  test.each([
    [{ databse: {} }, "stages.dev.databse is unknown; known keys: keepData, network, database, masking, alerts, pipelines."],
    [{ masking: { key: "x" } }, "stages.dev.masking.key is unknown; known keys: keyArn, multiRegion."],
    [{ network: { kind: "own" } }, /^stages\.dev\.network\.kind is unknown; known keys: cidr, availabilityZones, zones/],
    [{ pipelines: { order: {} } }, "stages.dev.pipelines.order is unknown; known keys: user-logins, orders."],
    [{ pipelines: { orders: { size: 1 } } }, /^stages\.dev\.pipelines\.orders\.size is unknown; .*batchSize/],
    [{ "database.host": "x" }, /^stages\.dev\.database\.host is unknown; known keys: keepData/],
  ])("in the stage's entry: %j", (dev, sentence) => {
    expect(complaintOf(dev)).toEqual(typeof sentence === "string" ? sentence : expect.stringMatching(sentence));
  });

  test.each([
    ["maxConnections", /^maxConnections is unknown; .*database, /],
    ["database.maxconnections", /^database\.maxconnections is unknown; .*maxConnections/],
    ["database.host.port", /^database\.host\.port is unknown\.$/],
    ["pipelines.order.batchSize", /^pipelines\.order\.batchSize is unknown; .*user-logins, orders\.$/],
    ["database:host", /^database:host is unknown; /],
    ["__proto__.x", /^__proto__\.x is unknown; /],
    ["", /^ is unknown; /],
  ])("on the command line: %j", (key, sentence) => {
    expect(complaint({ [key]: "1" })).toMatch(sentence);
  });

  test("also a group that is given a value", () => {
    expect(complaint({ masking: KEY })).toBe(`masking is "${KEY}"; set its keys instead: keyArn, multiRegion.`);
    expect(complaint({ network: { zones: 3 } })).toMatch(/^network is \{ zones: 3 \}; set its keys instead/);
    expect(complaintOf({ network: "10.0.0.0/16" })).toMatch(
      /^stages\.dev\.network is "10\.0\.0\.0\/16"; it must be an object with keys from cidr/,
    );
    expect(complaintOf({ pipelines: { orders: [] } })).toMatch(/^stages\.dev\.pipelines\.orders is \[\]; it must be false or an object/);
  });
});
