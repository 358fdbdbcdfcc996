import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import * as declarations from "../../lambda/pipelines/pipeline.ts";
import { date, definePipeline, type Pipeline } from "../../lambda/pipelines/pipeline.ts";
import type { Queue } from "../../lambda/pipelines/queue.ts";
import { readRegistry } from "../../lambda/pipelines/registry.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { createTable, grantTable } from "../../local/tables/ddl.ts";
import { container } from "../support/container.ts";
import { createDatabase } from "../support/database.ts";
import { readCode } from "../support/markdown.ts";
import { record } from "../support/records.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = "docs/pipelines.md";

/** The code blocks that begin with a comment that names their file. Of two with one name, the later counts. */
const findFiles = (language: string) =>
  new Map(
    readCode(PAGE, language).flatMap((code) =>
      [...code.matchAll(/^(?:\/\/|--) (lambda\/\S+)\n(.*)$/gs)].map(([, file = "", text = ""]) => [file, text]),
    ),
  );
const declared = findFiles("ts");
const sql = findFiles("sql");

let folder: string;
let pipelines: Readonly<Record<string, Pipeline>>;
let orders: Pipeline;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pipelines-"));
  for (const [file, text] of declared) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const shared = readdirSync(join(ROOT, "lambda")).filter((name) => name !== "custom");
  for (const room of shared) symlinkSync(join(ROOT, "lambda", room), join(folder, "lambda", room));
  const custom: Record<string, Pipeline | Queue> = await import(join(folder, "lambda/custom/pipelines.ts"));
  pipelines = readRegistry([userLogins, ...Object.values(custom)]).pipelines;
  orders = pipelines.orders as Pipeline;
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the declarations of the page compile, and fit together and to user-logins", () => {
  const config = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: { noEmit: true, typeRoots: [join(ROOT, "node_modules/@types")] },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...config, include: ["lambda/custom"], exclude: [] }));
  const tsc = spawnSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "--project", folder], { encoding: "utf8" });
  expect(tsc.stdout).toBe("");
  expect(tsc.status).toBe(0);
  expect(Object.keys(pipelines).sort()).toEqual(["clicks", "orders", "searches", "signups", "user-logins"]);
});

test("the columns of the page can be added to orders", () => {
  const snippets = readCode(PAGE, "ts").filter((code) => !code.startsWith("// lambda/"));
  expect(snippets.length).toBeGreaterThan(3);
  for (const snippet of snippets) {
    const columns = new Function(...Object.keys(declarations), `return {${snippet}}`)(...Object.values(declarations));
    expect(() =>
      definePipeline({ name: "orders", table: "orders", columns: { ...columns, day: date({ otherwise: "sent" }) } }),
    ).not.toThrow();
  }
});

test("the migration and the grants of the page are those of its declaration", () => {
  expect(sql.get("lambda/custom/migrations/001_orders.sql")).toBe(`-- Up Migration\n${createTable(orders)}\n`);
  expect(sql.get("lambda/custom/grants/001_orders.sql")).toBe(`-- Up Migration\n${grantTable(orders)}\n`);
});

test("the sample of the page is stored in the table of the page, without its personal values", async () => {
  const database = await createDatabase();
  await database.client.query(sql.get("lambda/custom/migrations/001_orders.sql") ?? "");
  const lambda = container(database.config, { pipeline: orders });
  const [sample = ""] = readCode(PAGE, "json");
  expect(await lambda.failures([record(sample)])).toEqual([]);
  expect(await database.rows("SELECT *, ordered_at::text, ordered_on::text FROM orders")).toMatchObject([
    {
      order_id: "5f0c7e0a-9a3f-4a57-8d2b-0c1f7a4e2b90",
      masked_email: expect.stringMatching(/^v1\.[0-9a-f]+$/),
      masked_phone: expect.stringMatching(/^v1\.[0-9a-f]+$/),
      masked_device_id: expect.stringMatching(/^v1\.[0-9a-f]+$/),
      status: "paid",
      total: "19.90",
      ordered_on: "2026-03-01",
    },
  ]);
  expect(lambda.reports.last).toMatchObject({ unknownFields: { count: 0 }, maskedAsText: 0 });
  await lambda.close();
  await database.drop();
});
