import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { ClientConfig } from "pg";
import { binariesIn, resolveReachable } from "../../local/emulators/postgres/binaries.ts";
import { startPostgres } from "../../local/emulators/postgres/server.ts";
import { type Container, container } from "../support/container.ts";
import { createDatabase, type TestDatabase, testPostgres } from "../support/database.ts";
import { idOf, idsBut } from "../support/fixture.ts";
import { ORDERS_MIGRATION, order, orderCells, orderRecords } from "../support/order-records.ts";
import { orders } from "../support/orders.ts";
import { PGBOUNCER, startPgBouncer } from "../support/pgbouncer.ts";
import { PostgresProxy } from "../support/postgres-proxy.ts";

/** A server to store orders on, and what the function writes with. */
interface Place {
  readonly config: ClientConfig;
  stop(): Promise<void>;
}

const embedded = async (): Promise<Place> => ({ config: testPostgres().config, stop: async () => {} });

async function postgres10(): Promise<Place> {
  const home = mkdtempSync(join(tmpdir(), "masqueue-orders-10-"));
  const native = join(import.meta.dirname, "../../node_modules/postgres-10/native");
  const { config, stop } = await startPostgres(home, ["fsync=off"], binariesIn(resolveReachable(native, home)));
  const remove = async () => {
    await stop();
    rmSync(home, { recursive: true });
  };
  return { config, stop: remove };
}

describe("orders on Postgres 18", () => onPlace(embedded, false));
// The package of the oldest server exists for one platform.
if (`${process.platform}-${process.arch}` === "linux-x64") describe("orders on Postgres 10", () => onPlace(postgres10, false));
(PGBOUNCER ? describe : describe.skip)("orders through PgBouncer", () => onPlace(embedded, true));

function onPlace(open: () => Promise<Place>, isPooled: boolean): void {
  let place: Place;
  let database: TestDatabase;
  let proxy: PostgresProxy;
  let lambda: Container;
  const toStop: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    place = await open();
    database = await createDatabase({ server: place.config });
    await database.client.query(`SET TimeZone = 'UTC'; ${ORDERS_MIGRATION}`);
    proxy = await PostgresProxy.to(database.config);
    const pooler = isPooled ? await startPgBouncer(proxy.config) : undefined;
    lambda = container(pooler?.config ?? proxy.config, { pipeline: orders });
    toStop.push(lambda.close, ...(pooler ? [pooler.stop] : []), () => proxy.close(), database.drop, place.stop);
  });
  afterAll(async () => {
    for (const stop of toStop) await stop();
  });
  beforeEach(async () => {
    await database.client.query("TRUNCATE orders, rejections, unknown_fields");
    expect(await lambda.invoke([])).toEqual({ batchItemFailures: [] });
    takeStatements();
  });

  /** Without the pooler's SET when it changes clients. */
  const takeStatements = () => proxy.takeStatements().filter((word) => word !== "SET");
  const names = Object.keys(orderCells(0));
  const cells = () => database.rows(`SELECT ${names.map((name) => `${name}::text`).join(", ")} FROM orders ORDER BY orders.message_id`);
  const rejected = () => database.rows("SELECT message_id, code, field, sqlstate FROM rejections ORDER BY message_id");

  test("a batch of 1,000 is stored cell by cell, and its redelivery finds duplicates", async () => {
    expect(await lambda.failures(orderRecords(1_000))).toEqual([]);
    expect(takeStatements()).toEqual([isPooled ? "INSERT" : "COPY"]);
    const stored = await cells();
    expect(stored).toEqual(Array.from({ length: 1_000 }, (_, i) => orderCells(i)));
    expect(await lambda.failures(orderRecords(1_000, () => ({}), { receiveCount: 2 }))).toEqual([]);
    expect(lambda.reports.last.outcomes.map(({ outcome }) => outcome)).toEqual(Array(1_000).fill("duplicate"));
    expect(await cells()).toEqual(stored);
  });

  test("a redelivered batch of 1,000 that is new is stored by INSERT, with the same cells", async () => {
    expect(await lambda.failures(orderRecords(1_000, () => ({}), { receiveCount: 2 }))).toEqual([]);
    expect(takeStatements()).not.toContain("COPY");
    expect(await cells()).toEqual(Array.from({ length: 1_000 }, (_, i) => orderCells(i)));
  });

  test("fields that are absent, null or stand for nobody are NULL", async () => {
    const { order_id } = order();
    const bare = { type: "order", order_id };
    const nulls = Object.fromEntries(Object.keys(order()).map((name) => [name, null]));
    const nobody = { ...bare, customer: { email: " UNKNOWN", phone: "" }, device_id: null };
    const batch = [bare, { ...nulls, ...bare }, nobody].map((body, i) => ({ ...orderRecords(3)[i], body: JSON.stringify(body) }));
    expect(await lambda.failures(batch as ReturnType<typeof orderRecords>)).toEqual([]);
    const { source, sent_at, received_at } = orderCells(0);
    const filled = (i: number) => ({ sqs_id: idOf(i), message_id: idOf(i), ordered_on: "2026-03-01" });
    const expected = (i: number) => ({ order_id: orderCells(i).order_id, source, sent_at, received_at, ...filled(i) });
    const none = Object.fromEntries(names.map((name) => [name, null]));
    expect(await cells()).toEqual([0, 1, 2].map((i) => ({ ...none, ...expected(i) })));
    expect(await database.rows("SELECT count(*)::int AS tokens FROM orders WHERE num_nonnulls(masked_email, masked_phone) > 0")).toEqual([
      { tokens: 0 },
    ]);
  });

  test("personal fields are tokens, equal for one mailbox, telephone or device however it is written", async () => {
    const customers = [{ email: "ada@example.org", phone: "+49 30 901820" }, { email: "ADA@Example.org ", phone: "+49(30)9018-20" }, {}];
    const devices = ["593-47-5928", " 593-47-5928", "593475928"];
    expect(await lambda.failures(orderRecords(3, (i) => ({ customer: customers[i], device_id: devices[i] })))).toEqual([]);
    const [first, second, third] = await database.rows(
      "SELECT masked_email, masked_phone, masked_device_id FROM orders ORDER BY message_id",
    );
    const token = expect.stringMatching(/^v1\.[0-9a-f]{32}$/);
    expect(first).toEqual({ masked_email: token, masked_phone: token, masked_device_id: token });
    expect(second).toEqual(first);
    expect(third).toEqual({ masked_email: null, masked_phone: null, masked_device_id: token });
    expect(third?.masked_device_id).not.toBe(first?.masked_device_id);
  });

  test("a bad message of each sort is rejected with its code and field, and the rest of the batch is stored", async () => {
    expect(await lambda.failures(orderRecords(100, (i) => BAD[i]?.fields ?? {}))).toEqual(idsBut(BAD.length));
    expect(await rejected()).toEqual(BAD.map(({ code, field }, i) => ({ message_id: idOf(i), code, field, sqlstate: null })));
    expect((await cells()).map(({ message_id }) => message_id)).toEqual(idsBut(100).slice(BAD.length));
  });

  test("a row that Postgres refuses is rejected alone", async () => {
    await database.client.query("ALTER TABLE orders ADD CONSTRAINT guard CHECK (total < 5000)");
    expect(await lambda.failures(orderRecords(1_000, (i) => (i === 700 ? { total: "5000.01" } : {})))).toEqual([idOf(700)]);
    expect(await rejected()).toEqual([{ message_id: idOf(700), code: "refused_by_database", field: null, sqlstate: "23514" }]);
    await database.client.query("ALTER TABLE orders DROP CONSTRAINT guard");
  });

  test("undeclared fields are counted by path, and not stored", async () => {
    const { customer } = order();
    expect(await lambda.failures(orderRecords(3, () => ({ customer: { ...Object(customer), age: 30 }, coupon: "X" })))).toEqual([]);
    expect(await database.rows("SELECT pipeline, field, messages FROM unknown_fields ORDER BY field")).toEqual([
      { pipeline: "orders", field: "coupon", messages: 3 },
      { pipeline: "orders", field: "customer.age", messages: 3 },
    ]);
  });
}

/** Fields that spoil an order, with the code and the field of its rejection. */
const BAD: readonly { fields: Record<string, unknown>; code: string; field: string | null }[] = [
  { fields: { order_id: null }, code: "missing_field", field: "order_id" },
  { fields: { order_id: "8f14e45f" }, code: "wrong_type", field: "order_id" },
  { fields: { status: "lost" }, code: "not_allowed", field: "status" },
  { fields: { status: "p".repeat(17) }, code: "too_long", field: "status" },
  { fields: { customer: { country: "DEU" } }, code: "too_long", field: "customer.country" },
  { fields: { customer: { email: ["ada@example.org"] } }, code: "wrong_type", field: "customer.email" },
  { fields: { customer: { phone: "+49\0" } }, code: "nul_character", field: "customer.phone" },
  { fields: { device_id: "\ud800" }, code: "lone_surrogate", field: "device_id" },
  { fields: { quantity: 1.5 }, code: "wrong_type", field: "quantity" },
  { fields: { quantity: 1001 }, code: "out_of_range", field: "quantity" },
  { fields: { ledger_no: "9223372036854775808" }, code: "out_of_range", field: "ledger_no" },
  { fields: { total: 0.001 }, code: "out_of_range", field: "total" },
  { fields: { total: "-1" }, code: "out_of_range", field: "total" },
  { fields: { gift: "yes" }, code: "wrong_type", field: "gift" },
  { fields: { shipped_on: "2026-02-30" }, code: "bad_date", field: "shipped_on" },
  { fields: { ordered_at: "2014-12-31T23:59:59Z" }, code: "bad_date", field: "ordered_at" },
  { fields: { attributes: { color: { code: 7 } } }, code: "wrong_type", field: "attributes" },
  { fields: { attributes: { color: "\0" } }, code: "nul_character", field: "attributes" },
];
