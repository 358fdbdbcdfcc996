import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import * as schema from "../../infra/config/schema.ts";
import { appFor, templateOf } from "../support/stage.ts";

const ROOT = join(import.meta.dirname, "../..");
const doc = readFileSync(join(ROOT, "docs/deploy.md"), "utf8");
const cli = readFileSync(join(ROOT, "local/cli.ts"), "utf8");

const pipelineKeys = schema.pipelineStage("dev").entries;
const GROUPS = {
  "": schema.stageKeys("dev").entries,
  "network.": { ...schema.createdNetwork("dev").entries, ...schema.existingNetwork.entries },
  "database.": { ...schema.createdDatabase("dev").entries, ...schema.existingDatabase("dev").entries },
  "masking.": schema.maskingKey.entries,
  "alerts.": schema.alerts.entries,
  "pipelines.<name>.": pipelineKeys,
};
const known = Object.entries(GROUPS).flatMap(([group, keys]) => Object.keys(keys).map((key) => group + key));

test("every key that docs/deploy.md names exists", () => {
  const named = [...doc.matchAll(/`((?:network|database|masking|alerts|pipelines\.<name>)\.\w+)/g)].map(([, key]) => key);
  expect(named.length).toBeGreaterThan(20);
  expect(known).toEqual(expect.arrayContaining(named));
  const further = [...doc.matchAll(/`\.(\w+)`/g)].map(([, key = ""]) => key);
  expect(Object.keys(pipelineKeys)).toEqual(expect.arrayContaining(further));
});

test("every stack that it deploys alone exists", () => {
  const stacks = appFor("dev")
    .node.children.filter((child) => child instanceof Stack)
    .map(({ node }) => node.id);
  const deployed = [...doc.matchAll(/npx cdk deploy ((?:[A-Z][\w-]* )+)/g)].flatMap(([, names = ""]) => names.trim().split(" "));
  expect(deployed.length).toBeGreaterThan(2);
  expect(stacks).toEqual(expect.arrayContaining(deployed));
});

test("no deployment passes the address for pages with -c, which the next one would forget: cdk.json has it first", () => {
  const commands = [...doc.matchAll(/npx cdk deploy [^\n`]*/g)].map(([command]) => command);
  expect(commands.filter((command) => command.includes("pageEmail"))).toEqual([]);
  for (const section of ["From nothing to the first row", "From GitHub"]) {
    const [, text = ""] = doc.split(`## ${section}\n`);
    expect(text.split(/^## /m)[0]).toMatch(/pageEmail.*cdk\.json|cdk\.json.*pageEmail/s);
  }
});

test("an alarm that it sets off as a test exists, and pages", () => {
  const [, suffix = ""] = doc.match(/set-alarm-state --alarm-name masqueue-\$STAGE-(\S+)/) ?? [];
  const alarms = templateOf("ingest-user-logins", "prod").findResources("AWS::CloudWatch::Alarm", {
    Properties: { AlarmName: `masqueue-prod-${suffix}` },
  });
  expect(Object.values(alarms).map(({ Properties }) => JSON.stringify(Properties.AlarmActions))).toEqual([expect.stringMatching(/Page/)]);
});

test("every command of the tool that it calls exists", () => {
  const called = [...doc.matchAll(/npx masqueue (\w+)/g)].map(([, command = ""]) => command);
  for (const command of called) expect(cli).toContain(`.command("${command}")`);
});

test("a restore finds each group of the new instance once in the data stack", () => {
  const types = [...doc.matchAll(/resource (AWS::\S+?)\)/g)].map(([, type = ""]) => type);
  expect(types).toHaveLength(3);
  for (const type of types) expect(Object.keys(templateOf("data", "prod").findResources(type))).toHaveLength(1);
});

test("each variable in a command is set before it is used", () => {
  // The page describes these two connection strings.
  const known = new Set(["LIVE", "OLD"]);
  for (const [command] of doc.matchAll(/```sh\n.*?```|`(aws|npx|psql) [^`]*`/gs)) {
    for (const [, set, forEach, read, used] of command.matchAll(
      /(?:^|export )\s*(\w+)=|for (\w+) in|read -r (\w+)|(?<!\\)\$([A-Za-z_]+)/gm,
    )) {
      if (used) expect(known).toContain(used);
      for (const name of [set, forEach, read]) if (name) known.add(name);
    }
  }
  expect(known.size).toBeGreaterThan(15);
});

test.each(["dev", "staging", "prod"])(
  "the account is checked for the instance class and the version of Postgres of %s, before the first deployment",
  (stage) => {
    const [checks = ""] = /## Before the first deployment.*?(?=\n## )/s.exec(doc) ?? [];
    const [instance] = Object.values(templateOf("data", stage).findResources("AWS::RDS::DBInstance"));
    expect(checks).toContain(instance?.Properties.DBInstanceClass);
    expect(checks).toContain(`starts_with(EngineVersion, '${instance?.Properties.EngineVersion}.')`);
  },
);
