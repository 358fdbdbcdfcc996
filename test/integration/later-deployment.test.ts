import { beforeEach, describe, expect, test } from "@jest/globals";
import { ROLES } from "../../lambda/names.ts";
import { container } from "../support/container.ts";
import { logins } from "../support/fixture.ts";
import { as, deploySchema } from "../support/roles.ts";
import { useSchemaDeployment } from "../support/schema-deployment.ts";

const fixture = useSchemaDeployment();
beforeEach(() => fixture.deploy());

const ROLE_CHANGE = `ALTER ROLE ${ROLES.ingest} SET work_mem = '5MB'`;
const ORDERS_TABLE =
  'CREATE TABLE orders (id serial, order_id text, ordered_on date NOT NULL, message_id text COLLATE "C" NOT NULL, UNIQUE (ordered_on, message_id))';

describe("a later deployment", () => {
  test("with a new file of roles runs it as the master user, and fails without one", async () => {
    fixture.add("schema/sql/roles/002_more.sql", ROLE_CHANGE);
    expect(await fixture.failure({ admin: undefined })).toMatch(/^New in lambda\/schema\/sql\/roles\/: 002_more\./);
    expect(await fixture.deploy()).toEqual(["002_more"]);
  });

  test("of older code changes nothing that newer code has added, and the older function works", async () => {
    fixture.add("schema/sql/roles/002_more.sql", ROLE_CHANGE);
    fixture.add("schema/sql/migrations/900_more.sql", "ALTER TABLE user_logins ADD COLUMN more text");
    fixture.add("schema/sql/grants/900_more.sql", "SELECT 'what the newer code takes for granted'");
    fixture.add("custom/migrations/001_orders.sql", ORDERS_TABLE);
    fixture.add("custom/grants/001_orders.sql", `GRANT INSERT ON orders TO ${ROLES.ingest}`);
    expect(await fixture.deploy()).toHaveLength(5);
    await fixture.database.client.query(`GRANT SELECT (user_id) ON user_logins TO ${ROLES.ingest}`);
    expect(await deploySchema(fixture.database)).toEqual([]);
    const lambda = container(as(ROLES.ingest, fixture.database));
    expect(await lambda.failures(logins(3))).toEqual([]);
    await lambda.close();
  });

  test("works without custom folders", async () => {
    fixture.remove("custom");
    expect(await fixture.deploy()).toEqual([]);
  });

  test("whose migration fails reports the reason, leaves nothing of it, and quotes no row", async () => {
    fixture.add(
      "custom/migrations/001_orders.sql",
      `${ORDERS_TABLE}; INSERT INTO orders SELECT n, 'canary', '2026-01-01', 'canary' FROM generate_series(1, 2) AS n`,
    );
    const message = await fixture.failure();
    expect(message).toMatch(/SQLSTATE 23505.*orders_ordered_on_message_id_key/);
    expect(message).not.toContain("canary");
    expect(await fixture.database.rows("SELECT to_regclass('orders') AS orders")).toEqual([{ orders: null }]);
  });
});
