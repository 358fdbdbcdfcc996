import { beforeEach, describe, expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import type { Container } from "../support/container.ts";
import { idOf, useFixture } from "../support/fixture.ts";
import { ORDERS_MIGRATION, order, typedLogin } from "../support/order-records.ts";
import { events } from "../support/orders.ts";
import { record } from "../support/records.ts";
import { holdTable } from "../support/sessions.ts";

const fixture = useFixture();
let lambda: Container;
beforeEach(async () => {
  await fixture.sql(ORDERS_MIGRATION);
  lambda = fixture.container(fixture.proxy.config, { queue: events });
});

/** Records with the ids 0 to n-1. */
const deliver = (bodies: readonly unknown[], receiveCount = 1): SQSRecord[] =>
  bodies.map((body, i) => record(body, { messageId: idOf(i), receiveCount }));
const ids = async (table: string) =>
  (await fixture.database.rows(`SELECT message_id AS id FROM ${table} ORDER BY 1`)).map(({ id }) => id as string);
const outcomes = () =>
  Object.fromEntries(lambda.reports.batches.map(({ pipeline, outcomes }) => [pipeline, outcomes.map(({ outcome }) => outcome)]));

test("a mixed batch goes to both tables in one invocation, with a transaction for each", async () => {
  expect(await lambda.invoke([])).toEqual({ batchItemFailures: [] });
  fixture.proxy.takeStatements();
  const bodies = Array.from({ length: 1_000 }, (_, i) => (i % 3 === 0 ? order() : typedLogin()));
  expect(await lambda.failures(deliver(bodies))).toEqual([]);
  expect(fixture.proxy.takeStatements()).toEqual(["COPY", "COPY"]);
  const [orders, logins] = [await ids("orders"), await ids("user_logins")];
  expect([orders.length, logins.length]).toEqual([334, 666]);
  expect([...orders, ...logins].sort()).toEqual(bodies.map((_, i) => idOf(i)));
  expect(await lambda.failures(deliver(bodies, 2))).toEqual([]);
  expect(new Set(Object.values(outcomes()).flat())).toEqual(new Set(["duplicate"]));
});

test("a device has one token in both tables, by which they join", async () => {
  const bodies = ["device-a", "device-b"].flatMap((device_id, i) => [
    order({ device_id, quantity: i + 1 }),
    typedLogin({ device_id, user_id: device_id }),
  ]);
  expect(await lambda.failures(deliver(bodies))).toEqual([]);
  expect(
    await fixture.database.rows("SELECT user_id, quantity FROM user_logins JOIN orders USING (masked_device_id) ORDER BY quantity"),
  ).toEqual([
    { user_id: "device-a", quantity: 1 },
    { user_id: "device-b", quantity: 2 },
  ]);
  // Each identifier has one proof of its key, however many pipelines mask it.
  expect(await fixture.database.rows("SELECT identifier FROM mask_keys WHERE identifier = 'device_id'")).toHaveLength(1);
});

test("rejections and unknown fields belong to the message's pipeline, and to the queue if no pipeline takes it", async () => {
  const bodies = [
    ...[order({ status: "lost" }), order({ coupon: 1 }), order({ coupon: 2 })],
    ...[typedLogin({ user_id: null }), typedLogin({ phone: 1 }), typedLogin({ phone: 2 })],
    ...[{ type: "refund" }, { no: "type" }, "not json", ["order"], { type: ["order"] }],
    ...[{ type: "ping" }, { type: "heartbeat", status: "lost" }],
  ];
  expect(await lambda.failures(deliver(bodies))).toEqual([3, 0, 6, 7, 8, 9, 10].map(idOf));
  expect(await fixture.database.rows("SELECT pipeline, message_id, code, field FROM rejections ORDER BY message_id")).toEqual([
    { pipeline: "orders", message_id: idOf(0), code: "not_allowed", field: "status" },
    { pipeline: "typed-logins", message_id: idOf(3), code: "missing_field", field: "user_id" },
    { pipeline: "events", message_id: idOf(6), code: "no_pipeline", field: null },
    { pipeline: "events", message_id: idOf(7), code: "no_pipeline", field: null },
    { pipeline: "events", message_id: idOf(8), code: "not_json", field: null },
    { pipeline: "events", message_id: idOf(9), code: "not_an_object", field: null },
    { pipeline: "events", message_id: idOf(10), code: "no_pipeline", field: null },
  ]);
  expect(await fixture.database.rows("SELECT pipeline, field, messages FROM unknown_fields ORDER BY pipeline")).toEqual([
    { pipeline: "orders", field: "coupon", messages: 2 },
    { pipeline: "typed-logins", field: "phone", messages: 2 },
  ]);
  expect(outcomes().events).toEqual([...Array(5).fill("rejected"), "skipped", "skipped"]);
});

describe("if one table fails", () => {
  const couponed = order({ coupon: 1 });
  const mixed = [couponed, typedLogin(), order({ status: "lost" }), couponed, typedLogin(), { type: "ping" }];
  const ofOrders = [0, 2, 3].map(idOf);
  const rename = (from: string, to: string) => fixture.sql(`ALTER TABLE ${from} RENAME TO ${to}`);

  test.each([
    ["in a container that has used it", true, { code: "database_refused", sqlstate: "42P01" }],
    ["in a new container", false, { code: "table_mismatch" }],
  ])("%s, only its messages come back, and they are stored when it is well", async (_what, isWarm, failure) => {
    if (isWarm) await lambda.invoke([]);
    await rename("orders", "away");
    expect(await lambda.failures(deliver(mixed))).toEqual(ofOrders);
    expect(lambda.reports.failures).toMatchObject([failure]);
    expect(outcomes()).toEqual({ "typed-logins": ["stored", "stored"], orders: Array(3).fill("unsettled"), events: ["skipped"] });
    // A message that comes back is judged then.
    expect(await fixture.database.rows("SELECT FROM rejections UNION ALL SELECT FROM unknown_fields")).toEqual([]);
    await rename("away", "orders");
    expect(await lambda.failures(deliver(mixed, 2))).toEqual([idOf(2)]);
    expect([await ids("user_logins"), await ids("orders")]).toEqual([[1, 4].map(idOf), [0, 3].map(idOf)]);
  });

  test.each(["user_logins", "orders"])("because %s is locked, the other one has time left", async (locked) => {
    await lambda.invoke([]);
    const release = await holdTable(fixture.database, locked);
    const { batchItemFailures } = await lambda.invoke(deliver([order(), typedLogin()]), 3);
    await release();
    expect(batchItemFailures).toEqual([{ itemIdentifier: idOf(locked === "orders" ? 0 : 1) }]);
    expect(lambda.reports.failures).toMatchObject([{ code: "out_of_time" }]);
  });

  test("and the batch has messages for no other, the invocation fails, so that Lambda counts an error", async () => {
    await lambda.invoke([]);
    await rename("orders", "away");
    await expect(lambda.invoke(deliver([order(), { type: "ping" }]))).rejects.toMatchObject({ sqlstate: "42P01" });
    await rename("user_logins", "gone");
    await expect(lambda.invoke(deliver(mixed))).rejects.toMatchObject({ sqlstate: "42P01" });
  });

  test("a health check reports it", async () => {
    await rename("orders", "away");
    await expect(lambda.invoke([])).rejects.toMatchObject({ code: "table_mismatch" });
    await rename("away", "orders");
    expect(await lambda.invoke([])).toEqual({ batchItemFailures: [] });
  });
});
