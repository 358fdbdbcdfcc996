import { expect, test } from "@jest/globals";
import { ROLES } from "../../lambda/names.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { container } from "../support/container.ts";
import { ORDERS_GRANTS, ORDERS_MIGRATION, order, typedLogin } from "../support/order-records.ts";
import { events } from "../support/orders.ts";
import { record } from "../support/records.ts";
import { as, connected } from "../support/roles.ts";
import { useSchemaDeployment } from "../support/schema-deployment.ts";

const fixture = useSchemaDeployment();
const pipelines = [userLogins, ...events.pipelines];

test("a deployment creates the table of orders, and its function may write both tables and read no row", async () => {
  fixture.add("custom/migrations/001_orders.sql", `-- Up Migration\n${ORDERS_MIGRATION}`);
  expect(await fixture.failure({ pipelines })).toContain(ORDERS_GRANTS.replace(/\s+/g, " "));
  fixture.add("custom/grants/001_orders.sql", `-- Up Migration\n${ORDERS_GRANTS}`);
  expect(await fixture.deploy({ pipelines })).toEqual(["001_orders"]);

  const role = as(ROLES.ingest, fixture.database);
  const lambda = container(role, { queue: events });
  const bad = record(order({ status: "lost", coupon: 1 }));
  const records = [record(order({ coupon: 1 })), record(order({ coupon: 1 })), record(typedLogin()), bad];
  for (const _delivery of [1, 2]) expect(await lambda.failures(records)).toEqual([bad.messageId]);
  expect([lambda.reports.lost, lambda.reports.failures]).toEqual([[], []]);
  await lambda.close();
  expect(await fixture.database.rows("SELECT FROM orders UNION ALL SELECT FROM user_logins")).toHaveLength(3);

  for (const statement of [
    "SELECT masked_email FROM orders",
    "SELECT total FROM orders",
    "UPDATE orders SET total = 0",
    "DELETE FROM orders",
  ])
    await connected(role, (client) => expect(client.query(statement)).rejects.toMatchObject({ code: "42501" }));
});

test("a deployment refuses a role that may read orders", async () => {
  fixture.add("custom/migrations/001_orders.sql", ORDERS_MIGRATION);
  fixture.add("custom/grants/001_orders.sql", `${ORDERS_GRANTS} GRANT SELECT (masked_email) ON orders TO ${ROLES.ingest};`);
  expect(await fixture.failure({ pipelines })).toContain('REVOKE SELECT ON "orders"');
});
