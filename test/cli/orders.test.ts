import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import manifest from "../../cdk.json" with { type: "json" };
import { ENV } from "../../lambda/names.ts";
import { startLambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import { TEST_SECRET } from "../support/container.ts";
import { createDatabase } from "../support/database.ts";
import { dataFolder, launchNode } from "../support/masqueue.ts";
import { ORDERS_MIGRATION, order, typedLogin } from "../support/order-records.ts";
import { createQueue } from "../support/queue.ts";
import { eventOf, record } from "../support/records.ts";

const ROOT = join(import.meta.dirname, "../..");
const data = dataFolder();
const copy = mkdtempSync(join(tmpdir(), "masqueue-orders-"));
const environment = { PATH: process.env.PATH, HOME: process.env.HOME };

/** A copy of the project in which somebody has added orders, and a queue for orders and logins. */
beforeAll(() => {
  for (const item of ["lambda", "local", "infra", "events", "package.json"])
    cpSync(join(ROOT, item), join(copy, item), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  const custom = join(copy, "lambda/custom");
  mkdirSync(join(custom, "orders"));
  const declaration = readFileSync(join(ROOT, "test/support/orders.ts"), "utf8").replaceAll("../../lambda/pipelines/", "../../pipelines/");
  writeFileSync(join(custom, "orders/pipeline.ts"), declaration);
  writeFileSync(join(custom, "orders/sample.json"), JSON.stringify(order(), null, 2));
  writeFileSync(join(custom, "migrations/001_orders.sql"), `-- Up Migration\n${ORDERS_MIGRATION}\n`);
  writeFileSync(join(custom, "pipelines.ts"), 'export { events, orders } from "./orders/pipeline.ts";\n');
});
afterAll(() => {
  data.remove();
  rmSync(copy, { recursive: true, force: true });
});

const masqueue = (...args: string[]) => launchNode([join(copy, "local/bin/masqueue.mjs"), ...args, "--data", data.path], environment).ended;

function write(name: string, bodies: readonly unknown[]): string {
  const file = join(copy, name);
  writeFileSync(file, bodies.map((body) => `${JSON.stringify(body)}\n`).join(""));
  return file;
}

test("start stores a file of orders", async () => {
  const file = write("orders.jsonl", [order(), order({ customer: { email: "bob@example.org" } }), order({ status: "lost" }), typedLogin()]);
  const { code, stdout } = await masqueue("start", "--json", "--pipeline", "orders", "--from", file);
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { received: 4, stored: 2, rejected: 2 }]);
  const codes = JSON.parse(stdout).rejections.map(({ code, field }: Record<string, unknown>) => [code, field]);
  expect(codes.sort()).toEqual([
    ["no_pipeline", null],
    ["not_allowed", "status"],
  ]);
});

test("start stores a mixed file in both tables, shows rows of both, and counts what is skipped", async () => {
  const file = write("events.jsonl", [order(), typedLogin(), typedLogin(), { type: "ping" }]);
  const { code, stdout } = await masqueue("start", "--pipeline", "events", "--from", file);
  expect(code).toBe(0);
  expect(stdout).toMatch(/stored +3\n.*skipped +1\n/s);
  expect(stdout).toMatch(/First rows of user_logins .*First rows of orders /s);
  const { stdout: joined } = await masqueue("sql", "select count(*) from orders join user_logins using (masked_device_id)");
  // Three orders and two logins have the sample's device.
  expect(joined).toMatch(/│ 6 +│/);
});

test("start without --from sends a pipeline's sample, and says what to do if there is none", async () => {
  const { code, stdout } = await masqueue("start", "--json", "--pipeline", "orders");
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { received: 1, stored: 1 }]);
  const without = await masqueue("start", "--pipeline", "typed-logins");
  expect(without.code).toBe(2);
  expect(without.stderr).toContain("name a file with --from, or write a body into lambda/custom/<pipeline>/sample.json");
});

test("start --env with one pipeline of a shared queue handles the messages of all, and says so", async () => {
  const database = await createDatabase({ migrated: false });
  const queue = await createQueue();
  try {
    await queue.send(...[order(), typedLogin(), { type: "ping" }].map((body) => JSON.stringify(body)));
    const { host, port, user, password, database: name } = database.config;
    const services = {
      DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${name}`,
      ...{ QUEUE_URL: `${queue.endpoint}/000000000000/login-queue`, AWS_ENDPOINT_URL: queue.endpoint, AWS_REGION: "us-east-1" },
      ...{ AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    };
    const start = [join(copy, "local/bin/masqueue.mjs"), "start", "--env", "--json", "--pipeline", "orders", "--data", data.path];
    const { code, stdout, stderr } = await launchNode(start, { ...environment, ...services }).ended;
    expect(stderr).toContain("Pipelines  those of queue events, which orders shares");
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { received: 3, stored: 2, skipped: 1, rejected: 0 }]);
  } finally {
    await queue.stop();
    await database.drop();
  }
});

test("start ends with the reason if one of the tables fails, and has stored the rows of the other", async () => {
  const refuse = "create function refuse() returns trigger language plpgsql as 'begin raise insufficient_privilege; end'";
  await masqueue("sql", refuse);
  await masqueue("sql", "create trigger refuse before insert on orders for each statement execute function refuse()");
  const { code, stderr, stdout } = await masqueue("start", "--json", "--pipeline", "events", "--from", join(copy, "events.jsonl"));
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { stored: 2, skipped: 1 }]);
  expect(stderr).toContain("42501");
});

test("the app deploys a queue for each, and the bundle that it deploys stores both", async () => {
  const context = { ...manifest.context, stage: "dev" };
  const variables = { ...environment, CDK_OUTDIR: join(copy, "cdk.out"), CDK_CONTEXT_JSON: JSON.stringify(context) };
  const app = launchNode([join(copy, "infra/app.ts")], variables, copy);
  const { code, stderr } = await app.ended;
  expect([code, stderr]).toEqual([0, ""]);
  const { artifacts } = JSON.parse(readFileSync(join(copy, "cdk.out/manifest.json"), "utf8"));
  expect(Object.keys(artifacts)).toEqual(expect.arrayContaining(["Ingest-events", "Ingest-user-logins"]));
  expect(Object.keys(artifacts)).not.toContain("Ingest-orders");

  const database = await createDatabase();
  await database.client.query(ORDERS_MIGRATION);
  const { host, port, user, password, database: name } = database.config;
  writeFileSync(join(copy, "mask.key"), TEST_SECRET);
  // The project's own package.json would make an ES module of the bundle.
  writeFileSync(join(copy, "build/package.json"), "{}");
  const lambda = await startLambda(join(copy, "build/ingest"), {
    [ENV.pipeline]: "events",
    [ENV.host]: host ?? "",
    [ENV.port]: String(port),
    [ENV.user]: user ?? "",
    [ENV.password]: String(password),
    [ENV.database]: name ?? "",
    [ENV.sslMode]: "disable",
    [ENV.keyFile]: join(copy, "mask.key"),
  });
  const { payload } = await lambda.invoke(eventOf(record(order()), record(typedLogin()), record({ type: "ping" })), 30);
  await lambda.stop();
  expect(payload).toEqual({ batchItemFailures: [] });
  expect(await database.rows("SELECT FROM orders JOIN user_logins USING (masked_device_id)")).toHaveLength(1);
  await database.drop();
});
