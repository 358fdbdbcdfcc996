import type { Client } from "pg";
import { ROLES } from "../names.ts";
import { MigrationError } from "./error.ts";
import type { Folder } from "./folders.ts";

/** The runner says in other words that a role may make no tables. */
export async function assertMayCreate(client: Client): Promise<void> {
  const { rows } = await client.query<{ role: string; schema: string | null; may: boolean | null }>(
    "SELECT current_user AS role, current_schema() AS schema, has_schema_privilege(current_schema(), 'CREATE') AS may",
  );
  const { role, schema, may } = rows[0] as { role: string; schema: string | null; may: boolean | null };
  if (!schema) throw new MigrationError(`No schema of the search_path of role ${role} exists: create one, or set the search_path.`);
  if (!may)
    throw new MigrationError(`Role ${role} may not create tables in schema ${schema}: migrate as the schema's owner, or grant CREATE.`);
}

/**
 * Finds what an earlier migration by another role has left to that role; the runner would take its history for missing.
 * @throws MigrationError with the statements that hand it over
 */
export async function assertOwned(client: Client, folders: readonly Folder[]): Promise<void> {
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
  const theirs = rows.filter((row) => row.owner === owner).map(({ name }) => name);
  if (owner === ROLES.migrate)
    throw new MigrationError(
      `${theirs.join(", ")}: only the owner may change these, role ${owner}, so its deployed function migrates them.`,
    );
  // The old owner is a member for the length of the transaction only: in rds_iam through it, RDS would refuse its password.
  const statements = [
    "BEGIN",
    `GRANT ${role} TO ${owner}`,
    ...theirs.map((name) => `ALTER TABLE ${name} OWNER TO ${role}`),
    `REVOKE ${role} FROM ${owner}`,
    "COMMIT",
  ];
  throw new MigrationError(
    `${theirs.join(", ")}: only the owner may change these, role ${owner}. Hand them to ${role}, as ${owner} or a superuser: ${statements.join("; ")};`,
  );
}
