import { beforeEach, describe, expect, test } from "@jest/globals";
import { ROLES } from "../../lambda/names.ts";
import { date, definePipeline, text } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { container } from "../support/container.ts";
import { logins } from "../support/fixture.ts";
import { as } from "../support/roles.ts";
import { useSchemaDeployment } from "../support/schema-deployment.ts";

const fixture = useSchemaDeployment();
beforeEach(() => fixture.deploy());

const ORDERS_TABLE =
  'CREATE TABLE orders (id serial, order_id text, ordered_on date NOT NULL, message_id text COLLATE "C" NOT NULL, UNIQUE (ordered_on, message_id))';

describe("a table of the user's own", () => {
  const orders = definePipeline({
    name: "orders",
    table: "orders",
    columns: { order_id: text({ max: 64 }), ordered_on: date({ otherwise: "sent" }) },
  });
  const pipelines = [userLogins, orders];

  test("that no migration makes is missed", async () => {
    expect(await fixture.failure({ pipelines })).toBe(
      "Pipeline orders has no table orders: add a migration that makes it to lambda/custom/migrations/.",
    );
  });

  test("that the ingest role may not write fails the deployment with the very grants that it needs", async () => {
    fixture.add("custom/migrations/001_orders.sql", ORDERS_TABLE);
    const message = await fixture.failure({ pipelines });
    expect(message).toContain("may not write table orders");
    fixture.add("custom/grants/001_orders.sql", message.slice(message.indexOf("GRANT")));
    expect(await fixture.deploy({ pipelines })).toEqual(["001_orders"]);
    const lambda = container(as(ROLES.ingest, fixture.database), { pipeline: orders });
    expect(await lambda.failures(logins(3, () => ({ order_id: "1" }), { receiveCount: 2 }))).toEqual([]);
    await lambda.close();
  });

  test.each([
    ["only one column", ["INSERT (order_id)", "SELECT (ordered_on, message_id)"], "GRANT INSERT ON"],
    ["all columns but one", ["INSERT (ordered_on, message_id)", "SELECT (ordered_on, message_id)"], "GRANT INSERT ON"],
    ["half of the key", ["INSERT", "SELECT (message_id)"], 'GRANT SELECT ("ordered_on", message_id) ON'],
    ["the other half", ["INSERT", "SELECT (ordered_on)"], 'GRANT SELECT ("ordered_on", message_id) ON'],
  ])("of which it has %s is one that it may not write", async (_what, given, lacking) => {
    fixture.add("custom/migrations/001_orders.sql", ORDERS_TABLE.replace("serial", "int"));
    for (const right of given)
      fixture.add(`custom/grants/00${given.indexOf(right)}_orders.sql`, `GRANT ${right} ON orders TO ${ROLES.ingest}`);
    const message = await fixture.failure({ pipelines });
    expect(message.slice(message.indexOf("GRANT"))).toBe(`${lacking} "orders" TO ${ROLES.ingest};`);
  });

  test.each([
    ["an identity column", "int GENERATED ALWAYS AS IDENTITY", []],
    ["a serial column", "serial", ["GRANT USAGE ON SEQUENCE orders_id_seq TO masqueue_ingest;"]],
  ])("with %s needs a right on its sequence only where Postgres asks for it", async (_what, type, sequences) => {
    fixture.add("custom/migrations/001_orders.sql", ORDERS_TABLE.replace("serial", type));
    const message = await fixture.failure({ pipelines });
    const grants = [
      'GRANT INSERT ON "orders" TO masqueue_ingest;',
      'GRANT SELECT ("ordered_on", message_id) ON "orders" TO masqueue_ingest;',
    ];
    expect(message.slice(message.indexOf("GRANT"))).toBe([...grants, ...sequences].join(" "));
    fixture.add("custom/grants/001_orders.sql", grants.join(" "));
    if (sequences.length === 0) expect(await fixture.deploy({ pipelines })).toEqual(["001_orders"]);
  });

  test("needs no right on the sequence of a column that the pipeline fills", async () => {
    fixture.add("custom/migrations/001_orders.sql", ORDERS_TABLE.replace("id serial, order_id text", "order_id serial"));
    expect(await fixture.failure({ pipelines })).not.toContain("SEQUENCE");
  });
});

describe("the tables that all pipelines share", () => {
  test.each([
    ["INSERT", "rejections"],
    ["SELECT", "mask_keys"],
    ["INSERT", "mask_keys"],
  ])("without %s on %s fail the deployment with the grant", async (right, table) => {
    await fixture.database.client.query(`REVOKE ${right} ON ${table} FROM ${ROLES.ingest}`);
    const message = await fixture.failure();
    expect(message).toBe(
      `Role ${ROLES.ingest} lacks rights that it was given. Run as the tables' owner: GRANT ${right} ON ${table} TO ${ROLES.ingest};`,
    );
    await fixture.database.client.query(message.slice(message.indexOf("GRANT")));
    expect(await fixture.deploy()).toEqual([]);
  });
});
