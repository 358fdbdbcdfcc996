import { randomBytes } from "node:crypto";
import pg from "pg";
import { type TestDatabase, testPostgres } from "./database.ts";

export interface TestRole {
  readonly name: string;
  /** The database as this role. */
  readonly config: pg.ClientConfig;
  drop(): Promise<void>;
}

/** A role that owns nothing, with these privileges on every table of the database. @param privileges as GRANT takes them; "" for none */
export async function createRole(database: TestDatabase, privileges: string): Promise<TestRole> {
  const name = `role_${randomBytes(8).toString("hex")}`;
  const password = randomBytes(8).toString("hex");
  await database.client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
  if (privileges !== "") await database.client.query(`GRANT ${privileges} ON ALL TABLES IN SCHEMA public TO ${name}`);
  return {
    name,
    config: { ...database.config, user: name, password },
    async drop() {
      // A role belongs to the server; its database may be gone by now, and its privileges with it.
      const client = new pg.Client({ ...testPostgres().config, database: "postgres" });
      await client.connect();
      await client.query(`DROP ROLE ${name}`);
      await client.end();
    },
  };
}
