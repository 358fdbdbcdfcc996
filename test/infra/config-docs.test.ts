import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import * as tables from "../../infra/config/keys.ts";
import type { Stage } from "../../infra/config/stage.ts";
import { pipelines } from "../../lambda/pipelines/index.ts";
import { complaintOfOrders, read } from "./config-cases.ts";

const ROOT = join(import.meta.dirname, "../..");
const json = (file: string) => JSON.parse(readFileSync(join(ROOT, file), "utf8"));

interface Property {
  readonly key: string;
  readonly docs: string;
}

/** The properties of each interface of stage.ts, inherited ones included, with their docstrings. */
function interfaces(): Map<string, Property[]> {
  const source = readFileSync(join(ROOT, "infra/config/stage.ts"), "utf8");
  const found = new Map<string, Property[]>();
  for (const [, name = "", base = "", body = ""] of source.matchAll(/^export interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}/gms)) {
    const own = [...body.matchAll(/(?:\/\*\*((?:(?!\*\/).)*)\*\/\s*)?readonly (\w+):/gs)];
    found.set(name, [...(found.get(base) ?? []), ...own.map(([, docs = "", key = ""]) => ({ key, docs }))]);
  }
  return found;
}
const documented = interfaces();

const CASES: [
  string,
  Readonly<Record<string, { readonly otherwise?: Readonly<Record<string, unknown>> | ((...group: never[]) => unknown) }>>,
][] = [
  ["CreatedNetwork", tables.ownNetworkKeys],
  ["ExistingNetwork", tables.existingNetworkKeys],
  ["CreatedDatabase", tables.ownDatabaseKeys],
  ["ExistingDatabase", tables.existingDatabaseKeys],
  ["MaskingKey", tables.maskingKeys],
  ["Alerts", tables.alertKeys],
  ["PipelineStage", tables.pipelineKeys],
];

describe.each(CASES)("the keys of %s", (name, keys) => {
  const properties = (documented.get(name) ?? []).filter(({ key }) => key !== "kind");

  test("are those of its interface", () => {
    expect(properties.map(({ key }) => key).sort()).toEqual(Object.keys(keys).sort());
  });

  test.each(properties)("tell of $key whether it has a default, and which", ({ key, docs }) => {
    const otherwise = keys[key]?.otherwise;
    const [, text] = /@default (.+)/s.exec(docs) ?? [];
    if (otherwise === undefined) return expect([text, docs]).toEqual([undefined, expect.stringContaining("Required")]);
    expect(text).toBeDefined();
    if (typeof otherwise === "function") return;
    for (const value of Object.values(otherwise).flat()) if (value !== undefined) expect(text).toContain(String(value));
  });
});

test("the keys of the stage itself tell their defaults, or are groups", () => {
  const groups = new Set(["name", "network", "database", "masking", "alerts"]);
  const keys = (documented.get("Stage") ?? []).filter(({ key }) => !groups.has(key));
  expect(keys.map(({ key, docs }) => [key, docs.includes("@default")])).toEqual([
    ["keepData", true],
    ["pipelines", true],
  ]);
});

test("logs are kept for any time that CloudWatch knows", () => {
  const days = Object.values(RetentionDays).filter((value) => typeof value === "number" && value !== RetentionDays.INFINITE);
  for (const logRetentionDays of days) expect(complaintOfOrders({ logRetentionDays })).toBe("");
  expect(complaintOfOrders({ logRetentionDays: 8 })).toMatch(`one of ${days.join(", ")}.`);
});

describe("cdk.json", () => {
  const { context } = json("cdk.json");

  test("deploys dev where no stage is named", () => {
    expect(read({ ...context }, pipelines).name).toBe("dev");
  });

  test.each(Object.keys(context.stages))("has an entry of %s that can be deployed", (stage) => {
    const { name }: Stage = read({ ...context, stage }, pipelines);
    expect(name).toBe(stage);
  });

  test("has the feature flags that CDK advises to new projects, but for references that keep what others need from being deleted", () => {
    const advised = json("node_modules/aws-cdk-lib/recommended-feature-flags.json") as object;
    expect(context).toMatchObject({ ...advised, "@aws-cdk/core:defaultCrossStackReferences": "strong" });
  });
});
