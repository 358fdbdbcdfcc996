import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ALARMS } from "../../infra/alarms/catalogue.ts";
import { watched } from "../support/alarms.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";

const URL = "https://example.com/runbook.md";
const runbook = readFileSync(join(import.meta.dirname, "../../docs/runbook.md"), "utf8");
const headings = [...runbook.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
const blocks = (language: string) =>
  [...runbook.matchAll(/```(\w+)\n(.*?)```/gs)].flatMap(([, of, text = ""]) => (of === language ? [text] : []));
const articles = runbook.split(/^## /m).slice(1);

const { template } = watched({ "alerts.runbookUrl": URL });
const properties = (type: string) => Object.values(template.findResources(type)).map((resource) => resource.Properties);
/** The texts that people read, by the name of the alarm or rule. */
const texts: [string, string][] = [
  ...properties("AWS::CloudWatch::Alarm").map(({ AlarmName, AlarmDescription }): [string, string] => [AlarmName, AlarmDescription]),
  ...properties("AWS::Events::Rule").map(({ Name, Targets }): [string, string] => [Name, Targets[0].InputTransformer.InputTemplate]),
];
const linked = (text: string) => [...text.matchAll(/https:\/\/example\.com\/runbook\.md#([\w-]+)/g)].map(([, anchor]) => anchor);

test.each(texts)("%s links to an article that exists", (name, text) => {
  const [anchor, ...others] = linked(text);
  expect(headings).toContain(anchor);
  expect([name, others]).toEqual([expect.stringContaining(anchor ?? "?"), []]);
});

test("each article belongs to an alarm, and each kind of alarm has one", () => {
  expect([...new Set(texts.flatMap(([, text]) => linked(text)))].sort()).toEqual([...headings].sort());
  expect(Object.keys(ALARMS)).toEqual(headings);
});

test.each(articles.map((article) => [article.split("\n")[0], article]))("%s has its three parts: Means, Look, Do", (_, article) => {
  const parts = [...(article ?? "").matchAll(/^\*\*(\w+)\.\*\*/gm)].map(([, part]) => part);
  expect(parts).toEqual(["Means", "Look", "Do"]);
});

test("the article on dead letters first says which key lets people read them", () => {
  const [means = ""] = articles.find((article) => article.startsWith("dead-letters\n"))?.split("**Look.**") ?? [];
  expect(means).toContain("**Set `deadLetterReaders` first**");
});

test("each variable in a command is set before it is used", () => {
  const shell = runbook.match(/```sh\n.*?```|`aws [^`]*`/gs)?.join("\n") ?? "";
  const set = new Set([...shell.matchAll(/^(?:export )?\s*(?:(\w+)=|for (\w+) in )/gm)].map(([, name, each]) => name ?? each));
  const used = [...shell.matchAll(/\$([A-Za-z_]+)/g)].map(([, name]) => name);
  expect(used.filter((name) => !set.has(name))).toEqual([]);
  expect(used.length).toBeGreaterThan(30);
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

test.each(blocks("sql").flatMap((block) => block.split(";\n").filter((query) => query.trim() !== "")))(
  "runs on a migrated database: %s",
  async (query) => {
    await expect(database.rows(query)).resolves.toBeDefined();
  },
);
