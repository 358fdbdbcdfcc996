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

describe("a custom table", () => {
  const orders = definePipeline({
    name: "orders",
    table: "orders",
    columns: { order_id: text({ max: 64 }), ordered_on: date({ otherwise: "sent" }) },
  });
  const pipelines = [userLogins, orders];

  test("that no migration creates is reported", async () => {
    expect(await fixture.failure({ pipelines })).toBe(
      "Table orders of pipeline orders does not exist: create it by a migration in lambda/custom/migrations/.",
    );
  });

  test("that the ingest role may not write fails the deployment with exactly the missing grants", async () => {
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
    ["one column only", ["INSERT (order_id)", "SELECT (ordered_on, message_id)"], "GRANT INSERT ON"],
    ["all columns but one", ["INSERT (ordered_on, message_id)", "SELECT (ordered_on, message_id)"], "GRANT INSERT ON"],
    ["half of the key only", ["INSERT", "SELECT (message_id)"], 'GRANT SELECT ("ordered_on", message_id) ON'],
    ["the other half only", ["INSERT", "SELECT (ordered_on)"], 'GRANT SELECT ("ordered_on", message_id) ON'],
  ])("with privileges on %s may not be written", async (_what, given, lacking) => {
    fixture.add("custom/migrations/001_orders.sql", ORDERS_TABLE.replace("serial", "int"));
    for (const privilege of given)
      fixture.add(`custom/grants/00${given.indexOf(privilege)}_orders.sql`, `GRANT ${privilege} ON orders TO ${ROLES.ingest}`);
    const message = await fixture.failure({ pipelines });
    expect(message.slice(message.indexOf("GRANT"))).toBe(`${lacking} "orders" TO ${ROLES.ingest};`);
  });

  test.each([
    ["an identity column", "int GENERATED ALWAYS AS IDENTITY", []],
    ["a serial column", "serial", ["GRANT USAGE ON SEQUENCE orders_id_seq TO masqueue_ingest;"]],
  ])("with %s needs a privilege on its sequence only if Postgres demands it", async (_what, type, sequences) => {
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

  test("needs no privilege on the sequence of a column that the pipeline fills", async () => {
    fixture.add("custom/migrations/001_orders.sql", ORDERS_TABLE.replace("id serial, order_id text", "order_id serial"));
    expect(await fixture.failure({ pipelines })).not.toContain("SEQUENCE");
  });
});

describe("the tables that all pipelines share", () => {
  test.each([
    ["INSERT", "rejections"],
    ["INSERT", "unknown_fields"],
    ["SELECT", "mask_keys"],
    ["INSERT", "mask_keys"],
  ])("without %s on %s fail the deployment with the grant", async (privilege, table) => {
    await fixture.database.client.query(`REVOKE ${privilege} ON ${table} FROM ${ROLES.ingest}`);
    const message = await fixture.failure();
    expect(message).toBe(
      `Role ${ROLES.ingest} has lost privileges that it was granted. Run as the tables' owner: GRANT ${privilege} ON ${table} TO ${ROLES.ingest};`,
    );
    await fixture.database.client.query(message.slice(message.indexOf("GRANT")));
    expect(await fixture.deploy()).toEqual([]);
  });
});
