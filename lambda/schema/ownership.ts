import type { Client } from "pg";
import * as errors from "../errors.ts";
import { ROLES } from "../names.ts";
import type { Folder } from "./folders.ts";

/**
 * Checks that the role may create tables; without this check, node-pg-migrate fails with an unclear message.
 * @throws MigrationError
 */
export async function checkMayCreate(client: Client): Promise<void> {
  const { rows } = await client.query<{ role: string; schema: string | null; allowed: boolean | null }>(
    "SELECT current_user AS role, current_schema() AS schema, has_schema_privilege(current_schema(), 'CREATE') AS allowed",
  );
  for (const { role, schema, allowed } of rows) {
    if (!schema) throw errors.schemaMissing(role);
    if (!allowed) throw errors.createForbidden(role, schema);
  }
}

/**
 * Checks that no earlier migration by another role has left tables to that role; node-pg-migrate would take its history for missing.
 * @throws MigrationError with the statements that hand them over
 */
export async function checkOwnership(client: Client, folders: readonly Folder[]): Promise<void> {
  const names = folders.flatMap(({ history, relations = [] }) => [history, ...relations]);
  const { rows } = await client.query<{ name: string; owner: string; role: string }>(
    `SELECT given.name, quote_ident(pg_get_userbyid(c.relowner)) AS owner, quote_ident(current_user) AS role
     FROM unnest($1::text[]) AS given (name)
     JOIN pg_class c ON c.oid = to_regclass(given.name)
     WHERE NOT pg_has_role(c.relowner, 'USAGE')`,
    [names],
  );
  const [first] = rows;
  if (!first) return;
  const { owner, role } = first;
  const tables = rows.filter((row) => row.owner === owner).map(({ name }) => name);
  if (owner === ROLES.migrate) throw errors.ownedByFunction(tables, owner);
  // The old owner is a member during the transaction only: as a member of rds_iam through it, RDS would refuse its password.
  throw errors.ownedByOther(tables, owner, role, [
    "BEGIN",
    `GRANT ${role} TO ${owner}`,
    ...tables.map((name) => `ALTER TABLE ${name} OWNER TO ${role}`),
    `REVOKE ${role} FROM ${owner}`,
    "COMMIT",
  ]);
}
