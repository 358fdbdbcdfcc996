import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Stage } from "../../infra/config/schema.ts";
import * as schema from "../../infra/config/schema.ts";
import { queues } from "../../lambda/pipelines/index.ts";
import { complaint, complaintOfOrders, PAGES, read } from "./config-cases.ts";

const ROOT = join(import.meta.dirname, "../..");
const json = (file: string) => JSON.parse(readFileSync(join(ROOT, file), "utf8"));

const GROUPS = {
  stageKeys: schema.stageKeys("dev"),
  createdNetwork: schema.createdNetwork("dev"),
  existingNetwork: schema.existingNetwork,
  createdDatabase: schema.createdDatabase("dev"),
  existingDatabase: schema.existingDatabase("dev"),
  maskingKey: schema.maskingKey,
  alerts: schema.alerts,
  pipelineStage: schema.pipelineStage("dev"),
};

/** The docstrings of a group's keys, as schema.ts has them; those of `limits` belong to two groups. */
function readDocs(group: string): Map<string, string> {
  const source = readFileSync(join(ROOT, "infra/config/schema.ts"), "utf8");
  const declaration = source.split(/^(?:export )?const /m).find((text) => text.startsWith(`${group} `)) ?? "";
  const docs = [...declaration.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\s*(\w+): /gs)].map(([, text = "", key = ""]): [string, string] => [
    key,
    text.replace(/\s*\n\s*\* /g, " ").trim(),
  ]);
  return new Map([...docs, ...(declaration.includes("...limits(") ? readDocs("limits") : [])]);
}

describe.each(Object.entries(GROUPS))("the keys of %s in schema.ts", (name, { entries }) => {
  const docs = readDocs(name);

  test("are all documented", () => {
    expect([...docs.keys()].sort()).toEqual(Object.keys(entries).sort());
  });

  test.each(Object.entries(entries))("describe %s as required, or its default if the code beside it has none", (key, entry) => {
    const text = docs.get(key) ?? "";
    const isOptional = entry.type === "optional";
    const hasDefault = "default" in entry && entry.default !== undefined;
    expect({ required: /^Required[.:]/.test(text), described: /\bDefault: /.test(text) }).toEqual({
      required: !isOptional,
      described: isOptional && !hasDefault,
    });
  });
});

test.each<[keyof typeof GROUPS, string, string, (stage: Stage) => unknown, unknown]>([
  ["createdNetwork", "zones", "2, or those named.", ({ network }) => network, { zones: 2 }],
  ["createdNetwork", "endpointZones", "1 in dev, otherwise all.", ({ network }) => network, { endpointZones: 1 }],
  ["createdDatabase", "maxStorageGiB", "5 times `storageGiB`, at most 65536.", ({ database }) => database, { maxStorageGiB: 5 * 20 }],
  ["pipelineStage", "batchSize", "1000, or 10 for FIFO.", ({ pipelines }) => pipelines.orders, { batchSize: 1000 }],
  ["pipelineStage", "batchWindow", "5, or 0 for FIFO.", ({ pipelines }) => pipelines.orders, { batchWindow: 5 }],
  [
    "pipelineStage",
    "visibilityTimeout",
    "6 x timeout + batchWindow.",
    ({ pipelines }) => pipelines.orders,
    { visibilityTimeout: 6 * 30 + 5 },
  ],
])("the default of %s.%s is as documented: %s", (group, key, documented, select, expected) => {
  expect(readDocs(group).get(key)?.split("Default: ")[1]).toBe(documented);
  expect(select(read())).toMatchObject(expected as object);
});

test("logs are kept for any time that CloudWatch knows", () => {
  const days = Object.values(RetentionDays).filter((value) => typeof value === "number" && value !== RetentionDays.INFINITE);
  for (const logRetentionDays of days) expect(complaintOfOrders({ logRetentionDays })).toBe("");
  expect(complaintOfOrders({ logRetentionDays: 8 })).toMatch(`one of ${days.join(", ")}.`);
});

describe("cdk.json", () => {
  const { context } = json("cdk.json");

  test("deploys dev unless a stage is named", () => {
    expect(read({ ...context }, queues).name).toBe("dev");
  });

  test.each(Object.keys(context.stages))("has an entry of %s that can be deployed with an address for pages", (stage) => {
    const { name }: Stage = read({ ...context, stage, ...PAGES }, queues);
    expect(name).toBe(stage);
  });

  test.each(["staging", "prod"])("lacks that address for %s, and the error says where it belongs", (stage) => {
    expect(complaint({ ...context, stage }, queues)).toBe(
      `stages.${stage}.alerts.pageEmail is not given in cdk.json; it must be the e-mail address that receives pages, or none, because this stage keeps its data.`,
    );
  });

  test("has the feature flags that CDK recommends, except that a stack cannot be deleted while others need it", () => {
    const advised = json("node_modules/aws-cdk-lib/recommended-feature-flags.json") as object;
    expect(context).toMatchObject({ ...advised, "@aws-cdk/core:defaultCrossStackReferences": "strong" });
  });
});
