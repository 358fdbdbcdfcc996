import type { Client } from "pg";
import * as errors from "../errors.ts";
import { ROLES } from "../names.ts";
import { MESSAGE_ID_COLUMN, type Pipeline } from "../pipelines/pipeline.ts";
import { quoteIdent } from "../postgres/table.ts";

/** A table into which the ingest role may insert. */
interface Allowed {
  readonly table: string;
  /** Columns that the role may read; null for all. */
  readonly readable: readonly string[] | null;
}

/**
 * Checks that the ingest role may do no more with the tables than `grants/` allows: directly, through PUBLIC, or as a member of another role.
 * @throws MigrationError with the statements that revoke the rest
 */
export async function checkExcessPrivileges(client: Client, pipelines: readonly Pipeline[]): Promise<void> {
  const allowed = [
    ...listAllowed(pipelines),
    { table: "rejections", readable: [] },
    { table: "unknown_fields", readable: [] },
    { table: "mask_keys", readable: null },
  ];
  const revokes = new Set<string>();
  for (const one of allowed) for (const statement of await findExcess(client, one)) revokes.add(statement);
  if (revokes.size > 0) throw errors.privilegesInExcess(revokes);
}

/** Pipelines may share a table. */
function listAllowed(pipelines: readonly Pipeline[]): Allowed[] {
  const tables = new Set(pipelines.map(({ table }) => table));
  return [...tables].map((table) => {
    const dates = pipelines.filter((pipeline) => pipeline.table === table).map(({ dateColumn }) => dateColumn);
    return { table, readable: [...new Set(dates), MESSAGE_ID_COLUMN] };
  });
}

/** Returns the statements that revoke what is not allowed. */
async function findExcess(client: Client, { table, readable }: Allowed): Promise<string[]> {
  const { rows } = await client.query<{ grantee: string; privileges: string[] }>(
    `WITH target AS (SELECT to_regclass($2) AS id),
          grantees AS (
            SELECT 'public'::name AS grantee, 'public'::name AS holder
            UNION ALL SELECT $1::name, $1::name
            UNION ALL
            SELECT grantee.rolname, holder.rolname
            FROM pg_auth_members m
            JOIN pg_roles grantee ON grantee.oid = m.roleid
            JOIN pg_roles holder ON pg_has_role(grantee.oid, holder.oid, 'MEMBER')
            WHERE m.member = $1::regrole
          ),
          privileges AS (
            SELECT unnest(ARRAY['SELECT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
            UNION ALL SELECT 'MAINTAIN' WHERE current_setting('server_version_num')::int >= 170000
          ),
          held AS (
            SELECT DISTINCT grantee, privilege FROM target, grantees, privileges
            WHERE CASE
              WHEN privilege = 'SELECT' THEN EXISTS (
                SELECT FROM pg_attribute
                WHERE attrelid = id AND attnum > 0 AND NOT attisdropped
                  AND attname <> ALL ($3::name[]) AND has_column_privilege(holder, id, attnum, 'SELECT'))
              WHEN privilege IN ('UPDATE', 'REFERENCES') THEN has_any_column_privilege(holder, id, privilege)
              ELSE has_table_privilege(holder, id, privilege)
            END
          )
     SELECT grantee::text, array_agg(privilege ORDER BY privilege) AS privileges
     FROM held
     WHERE grantee = 'public' OR privilege NOT IN (SELECT everyones.privilege FROM held everyones WHERE grantee = 'public')
     GROUP BY grantee ORDER BY grantee`,
    [ROLES.ingest, quoteIdent(table), readable],
  );
  return rows.flatMap(({ grantee, privileges }) => revoke(table, readable, grantee, privileges));
}

function revoke(table: string, readable: readonly string[] | null, grantee: string, privileges: readonly string[]): string[] {
  if (grantee !== "public" && grantee !== ROLES.ingest) return [`REVOKE ${quoteIdent(grantee)} FROM ${ROLES.ingest};`];
  const isIngest = grantee === ROLES.ingest;
  const statements = [`REVOKE ${privileges.join(", ")} ON ${quoteIdent(table)} FROM ${isIngest ? ROLES.ingest : "PUBLIC"};`];
  // Revoking SELECT on a table also revokes it on all its columns.
  if (isIngest && privileges.includes("SELECT") && readable && readable.length > 0)
    statements.push(`GRANT SELECT (${readable.map(quoteIdent).join(", ")}) ON ${quoteIdent(table)} TO ${ROLES.ingest};`);
  return statements;
}

/**
 * Checks that the ingest role creates no tables. Before Postgres 15 everyone could, and an upgrade keeps it so.
 * @throws MigrationError
 */
export async function checkCreatesNoTables(client: Client): Promise<void> {
  const { rows } = await client.query<{ allowed: boolean }>("SELECT has_schema_privilege($1, 'public', 'CREATE') AS allowed", [
    ROLES.ingest,
  ]);
  if (rows[0]?.allowed) throw errors.createInExcess();
}
