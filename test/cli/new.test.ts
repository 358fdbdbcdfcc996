import { globSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "@jest/globals";
import { findTraces, plantCanaries } from "../support/canaries.ts";
import { dataFolder } from "../support/masqueue.ts";
import { copyProject } from "../support/project-copy.ts";

const project = copyProject();
// Another table has another history of migrations.
const [data, other] = [dataFolder(), dataFolder()];
afterAll(() => {
  project.remove();
  data.remove();
  other.remove();
});

const CUSTOM = join(project.folder, "lambda/custom");
const PRISTINE = "/**\n * Your own pipelines.\n */\nexport {};\n";
const listFiles = () => globSync("**/*.{ts,json,sql}", { cwd: CUSTOM }).sort();
const read = (file: string) => readFileSync(join(CUSTOM, file), "utf8");

afterEach(() => {
  for (const file of globSync(["*/", "*/*.sql"], { cwd: CUSTOM }))
    if (!/^(migrations|grants)$/.test(file)) rmSync(join(CUSTOM, file), { recursive: true, force: true });
  writeFileSync(join(CUSTOM, "pipelines.ts"), PRISTINE);
});

const order = (i: number) => ({
  order_id: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
  customer: { email: `customer-${i}@example.org`, phone: `+1 202 555 ${1000 + i}`, note: `call me ${i}` },
  ip: i % 2 ? "192.0.2.7" : "2001:db8::7",
  device_id: `593-47-${1000 + i}`,
  total: i + 0.5,
  status: i % 3 ? "paid" : "open",
  placedAt: "2026-03-01T12:00:00Z",
});

/** Writes messages into a file of the copy. @returns its path */
function write(...bodies: unknown[]): string {
  const file = join(project.folder, "messages.jsonl");
  writeFileSync(file, bodies.map((body) => (typeof body === "string" ? body : JSON.stringify(body))).join("\n"));
  return file;
}

const writeOrders = () => write(...Array.from({ length: 60 }, (_, i) => order(i)));

describe("masqueue new", () => {
  test("makes a table of which nothing is left to do: it is typed, formatted, tested, and takes its messages", async () => {
    const from = writeOrders();
    const { code, stdout, stderr } = await project.masqueue("new", "web-orders", "--from", from);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(listFiles()).toEqual([
      "grants/001_web_orders.sql",
      "migrations/001_web_orders.sql",
      "pipelines.ts",
      "web-orders/pipeline.test.ts",
      "web-orders/pipeline.ts",
      "web-orders/sample.json",
    ]);
    for (const line of [
      /customer\.email +│ masked_customer_email +│ token, required +│ caseless\("email"\) +│ values are e-mail addresses/,
      /device_id +│ masked_device_id +│ token, required +│ exact\("device_id"\) +│ named like device ids/,
      /customer\.note +│ free text/,
    ])
      expect(stdout).toMatch(line);
    expect(read("web-orders/pipeline.ts")).toContain(
      '    masked_customer_phone: masked({ from: "customer.phone", as: digits("phone"), required: true }), // named like telephone numbers\n',
    );
    expect(read("migrations/001_web_orders.sql")).toMatch(/^-- Up Migration\nCREATE TABLE "web_orders" \(\n {2}"order_id" uuid,\n/);
    expect(read("migrations/001_web_orders.sql")).toContain(
      'COMMENT ON COLUMN "web_orders"."masked_ip" IS \'Token of field ip as address:',
    );
    expect(read("grants/001_web_orders.sql")).toContain('GRANT INSERT ON "web_orders" TO masqueue_ingest;');
    expect(read("pipelines.ts")).toContain('\nexport { webOrders } from "./web-orders/pipeline.ts";\n');
    expect((await project.node("node_modules/typescript/bin/tsc")).stdout).toBe("");
    expect(await project.node("node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "lambda/custom")).toMatchObject({
      code: 0,
    });
    expect((await runTest("web-orders")).stderr).toContain("2 passed, 2 total");
    const checked = await project.masqueue("check", "web-orders", "--from", from);
    expect(checked.stdout).toMatch(/would be stored 60\nrejected +0\n/);
    const run = await project.masqueue("start", "--json", "--pipeline", "web-orders", "--from", from, "--data", data.path);
    expect(JSON.parse(run.stdout)).toMatchObject({ received: 60, stored: 60, rejected: 0 });
  });

  test("makes a skeleton without --from, whose sample can be sent at once", async () => {
    expect(await project.masqueue("new", "web-clicks")).toMatchObject({ code: 0, stderr: "" });
    expect(read("web-clicks/pipeline.ts")).toContain(
      "/** A skeleton: replace its columns by those of your messages (docs/pipelines.md). */",
    );
    expect((await runTest("web-clicks")).stderr).toContain("2 passed, 2 total");
    const sample = join(CUSTOM, "web-clicks/sample.json");
    const run = await project.masqueue("start", "--json", "--pipeline", "web-clicks", "--from", sample, "--data", other.path);
    expect(JSON.parse(run.stdout)).toMatchObject({ received: 1, stored: 1 });
  });

  test("its test fails if a personal field becomes readable", async () => {
    await project.masqueue("new", "web-clicks");
    const masked = 'masked({ from: "customer.email", as: caseless("email") })';
    const declaration = read("web-clicks/pipeline.ts");
    expect(declaration).toContain(masked);
    writeFileSync(join(CUSTOM, "web-clicks/pipeline.ts"), declaration.replace(masked, 'text({ from: "customer.email", max: 99 })'));
    expect((await runTest("web-clicks")).stderr).toContain("2 failed, 2 total");
  });

  test("numbers the files of a second table after those of the first, and lists both", async () => {
    await project.masqueue("new", "orders");
    expect(await project.masqueue("new", "carts")).toMatchObject({ code: 0 });
    expect(listFiles()).toEqual(expect.arrayContaining(["migrations/001_orders.sql", "migrations/002_carts.sql", "grants/002_carts.sql"]));
    expect(read("pipelines.ts")).toBe(
      '/**\n * Your own pipelines.\n */\n\nexport { carts } from "./carts/pipeline.ts";\nexport { orders } from "./orders/pipeline.ts";\n',
    );
  });

  test("takes events out of their envelopes", async () => {
    const wrap = (body: object) => ({ Type: "Notification", TopicArn: "arn", Message: JSON.stringify(body) });
    const from = write(wrap(order(1)), wrap(order(2)), "not json");
    const { stdout } = await project.masqueue("new", "orders", "--from", from);
    expect(stdout).toContain("1 of them are no events: masqueue check says why.");
    expect(stdout).toContain("They are in envelopes of SNS: the pipeline takes them out.");
    expect(read("orders/pipeline.ts")).toContain('  unwrap: "sns",\n');
    const checked = await project.masqueue("check", "orders", "--from", from);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toMatch(/would be stored 2\n/);
  });

  test.each([
    ["migrations/007_orders.sql", "SELECT 1;", "lambda/custom/migrations/007_orders.sql exists already"],
    [
      "pipelines.ts",
      'export { userLogins as orders } from "../pipelines/user-logins.ts";\n',
      "lambda/custom/pipelines.ts uses the name orders already",
    ],
  ])("overwrites nothing: %s", async (file, content, sentence) => {
    writeFileSync(join(CUSTOM, file), content);
    const before = listFiles();
    const { code, stderr } = await project.masqueue("new", "orders");
    expect(code).not.toBe(0);
    expect(stderr).toContain(sentence);
    expect([listFiles(), read(file)]).toEqual([before, content]);
  });

  test("leaves nothing behind if it fails in the middle", async () => {
    renameSync(join(CUSTOM, "migrations"), join(CUSTOM, "hidden"));
    const { code, stderr } = await project.masqueue("new", "orders");
    renameSync(join(CUSTOM, "hidden"), join(CUSTOM, "migrations"));
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("ENOENT") });
    expect([listFiles(), read("pipelines.ts")]).toEqual([["pipelines.ts"], PRISTINE]);
  });

  test.each([
    ["no event", ["not json", "[1]"], "holds no event: no message is a JSON object."],
    ["no field that it takes", [{ tags: [] }], "can become a column"],
  ])("says so if there is %s, and writes nothing", async (_, bodies, sentence) => {
    const { code, stderr } = await project.masqueue("new", "orders", "--from", write(...bodies));
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(listFiles()).toEqual(["pipelines.ts"]);
  });
});

/** Runs the test of a table as `npm test` does, without a server. */
function runTest(name: string) {
  writeFileSync(
    join(project.folder, "jest.alone.mjs"),
    'import config from "./jest.config.mjs";\nexport default { ...config, globalSetup: undefined, globalTeardown: undefined };\n',
  );
  return project.node("--experimental-vm-modules", "node_modules/jest/bin/jest.js", "--config", "jest.alone.mjs", `lambda/custom/${name}`);
}

describe("masqueue check", () => {
  test("counts what is rejected by code and field, what is not declared, and what is masked as text", async () => {
    await project.masqueue("new", "orders", "--from", writeOrders());
    const from = write(
      order(1),
      { ...order(2), total: "much" },
      "{",
      { ...order(3), total: "more" },
      { ...order(4), ip: "host", more: 1 },
      {
        ...order(5),
        more: 2,
        once: 1,
      },
    );
    const { code, stdout } = await project.masqueue("check", "orders", "--from", from, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      ...{ messages: 6, stored: 3, rejected: 3, skipped: 0 },
      rejections: [
        { pipeline: "orders", code: "wrong_type", field: "total", messages: 2, first: 2 },
        { pipeline: "orders", code: "not_json", field: null, messages: 1, first: 3 },
      ],
      undeclared: {
        count: 6,
        fields: [
          { field: "customer.note", messages: 3 },
          { field: "more", messages: 2 },
        ],
      },
      maskedAsText: [{ pipeline: "orders", column: "masked_ip", values: 1 }],
    });
    const page = await project.masqueue("check", "orders", "--from", from);
    expect(page.stdout).toMatch(/orders +│ wrong_type │ total │ 2 +│ 2 /);
    expect(page.stdout).toContain("1 more, not named here");
    expect(page.stdout).toContain("Exit code 1: 3 of 6 messages would be rejected.");
  });

  test("finds the pipeline of each message of a shared queue", async () => {
    await project.masqueue("new", "orders", "--from", writeOrders());
    writeFileSync(
      join(CUSTOM, "pipelines.ts"),
      `import { shareQueue, skip } from "../pipelines/queue.ts";
       import { orders } from "./orders/pipeline.ts";
       export const events = shareQueue("events", [{ ...orders, when: [{ path: ["type"], values: ["order"] }] }, skip({ type: "ping" })]);`,
    );
    const from = write({ ...order(1), type: "order" }, { type: "ping" }, { type: "pong" });
    const { code, stdout } = await project.masqueue("check", "events", "--from", from, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ stored: 1, rejected: 1, skipped: 1 },
      rejections: [{ pipeline: "events", code: "no_pipeline", first: 3 }],
    });
  });

  test.each([
    [["orders"], "required option '--from <file>' not specified"],
    [["nosuch", "--from", "x.jsonl"], "There is no pipeline nosuch. Known pipelines: user-logins."],
    [["user-logins", "--from", "x.jsonl"], "cannot be read (ENOENT)"],
  ])("answers %j with exit code 2", async (args, sentence) => {
    const { code, stderr } = await project.masqueue("check", ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});

test("no value of a message is printed or written", async () => {
  const { host, locale, ...canaries } = plantCanaries();
  const { ip, ipv6, deviceId, userId } = canaries;
  const secrets = { ...canaries, host, locale, email: `${host}@${locale}.invalid` };
  const body = (i: number) => ({
    ...{
      user_id: `${userId}${i}`,
      ip: i % 2 ? ip : ipv6,
      device_id: deviceId,
      locale,
      email: secrets.email,
      free: `${host} ${i}`,
      mixed: i % 2 ? i : host,
    },
    ...{ page: `https://${host}/`, tags: [host], nested: { [deviceId]: 1, [secrets.email]: 2, code: `${locale}1` } },
    ...(i === 4 && { [host.replace(".", "_")]: 1 }),
  });
  const from = write(...Array.from({ length: 60 }, (_, i) => body(i)), `{"${host}`, JSON.stringify(host));
  const made = await project.masqueue("new", "orders", "--from", from);
  const checked = await project.masqueue("check", "orders", "--from", from);
  const asJson = await project.masqueue("check", "orders", "--from", from, "--json");
  const other = await project.masqueue("check", "user-logins", "--from", from);
  expect([made.code, checked.code, asJson.code, other.code]).toEqual([0, 1, 1, 1]);
  const printed = [made, checked, asJson, other].map(({ stdout, stderr }) => stdout + stderr).join("");
  expect(
    findTraces(
      printed +
        listFiles()
          .map((file) => file + read(file))
          .join(""),
      secrets,
    ),
  ).toEqual([]);
});
