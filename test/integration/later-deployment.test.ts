import { beforeEach, describe, expect, test } from "@jest/globals";
import { ROLES } from "../../lambda/names.ts";
import { container } from "../support/container.ts";
import { as, deploySchema } from "../support/roles.ts";
import { logins } from "../support/scene.ts";
import { useSchemaDeployment } from "../support/schema-deployment.ts";

const scene = useSchemaDeployment();
beforeEach(() => scene.deploy());

const ROLE_CHANGE = `ALTER ROLE ${ROLES.ingest} SET work_mem = '5MB'`;
const ORDERS_TABLE =
  'CREATE TABLE orders (id serial, order_id text, ordered_on date NOT NULL, message_id text COLLATE "C" NOT NULL, UNIQUE (ordered_on, message_id))';

describe("a later deployment", () => {
  test("with a new file of roles runs it as the master user, and without one says so", async () => {
    scene.add("schema/sql/roles/002_more.sql", ROLE_CHANGE);
    expect(await scene.failure({ admin: undefined })).toMatch(/^New in lambda\/postgres\/roles\/: 002_more\./);
    expect(await scene.deploy()).toEqual(["002_more"]);
  });

  test("of older code changes nothing, whatever the newer one has added, and the older function works", async () => {
    scene.add("schema/sql/roles/002_more.sql", ROLE_CHANGE);
    scene.add("schema/sql/migrations/900_more.sql", "ALTER TABLE user_logins ADD COLUMN more text");
    scene.add("schema/sql/grants/002_more.sql", "SELECT 'what the newer code takes for granted'");
    scene.add("custom/migrations/001_orders.sql", ORDERS_TABLE);
    scene.add("custom/grants/001_orders.sql", `GRANT INSERT ON orders TO ${ROLES.ingest}`);
    expect(await scene.deploy()).toHaveLength(5);
    await scene.database.client.query(`GRANT SELECT (user_id) ON user_logins TO ${ROLES.ingest}`);
    expect(await deploySchema(scene.database)).toEqual([]);
    const lambda = container(as(ROLES.ingest, scene.database));
    expect(await lambda.failures(logins(3))).toEqual([]);
    await lambda.close();
  });

  test("without the user's own folders is none the worse", async () => {
    scene.remove("custom");
    expect(await scene.deploy()).toEqual([]);
  });

  test("whose migration fails says why, keeps nothing of it, and quotes no row", async () => {
    scene.add(
      "custom/migrations/001_orders.sql",
      `${ORDERS_TABLE}; INSERT INTO orders SELECT n, 'canary', '2026-01-01', 'canary' FROM generate_series(1, 2) AS n`,
    );
    const message = await scene.failure();
    expect(message).toMatch(/SQLSTATE 23505.*orders_ordered_on_message_id_key/);
    expect(message).not.toContain("canary");
    expect(await scene.database.rows("SELECT to_regclass('orders') AS orders")).toEqual([{ orders: null }]);
  });
});
