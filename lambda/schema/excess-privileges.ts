import type { Client } from "pg";
import { ROLES } from "../names.ts";
import { MESSAGE_ID_COLUMN, type Pipeline } from "../pipelines/pipeline.ts";
import { quoteIdent } from "../postgres/table.ts";
import { MigrationError } from "./error.ts";

/** What the ingest role may do with a table beside INSERT. */
interface Allowed {
  readonly table: string;
  /** Columns that it may read; null for all. */
  readonly readable: readonly string[] | null;
}

/**
 * Makes sure that the ingest role may do no more with the tables than `grants/` gives: by whatever way, itself, as everyone, or as a
 * member of another role.
 * @throws MigrationError with the statements that take the rest away
 */
export async function checkExcess(client: Client, pipelines: readonly Pipeline[]): Promise<void> {
  const allowed = [...allowedIn(pipelines), { table: "rejections", readable: [] }, { table: "mask_keys", readable: null }];
  const revokes = new Set<string>();
  for (const one of allowed) for (const statement of await excessOn(client, one)) revokes.add(statement);
  if (revokes.size > 0)
    throw new MigrationError(
      `Role ${ROLES.ingest} may do more than write its tables; a default privilege may have given it. Run as the tables' owner, or who made the grant: ${[...revokes].join(" ")}`,
    );
}

/** Pipelines may share a table. */
function allowedIn(pipelines: readonly Pipeline[]): Allowed[] {
  const tables = new Set(pipelines.map(({ table }) => table));
  return [...tables].map((table) => {
    const dates = pipelines.filter((pipeline) => pipeline.table === table).map(({ dateColumn }) => dateColumn);
    return { table, readable: [...new Set(dates), MESSAGE_ID_COLUMN] };
  });
}

/** The statements that take away what is too much. */
async function excessOn(client: Client, { table, readable }: Allowed): Promise<string[]> {
  const { rows } = await client.query<{ way: string; rights: string[] }>(
    `WITH target AS (SELECT to_regclass($2) AS id),
          ways AS (
            SELECT 'public'::name AS way, 'public'::name AS holder
            UNION ALL SELECT $1::name, $1::name
            UNION ALL
            SELECT way.rolname, holder.rolname
            FROM pg_auth_members m
            JOIN pg_roles way ON way.oid = m.roleid
            JOIN pg_roles holder ON pg_has_role(way.oid, holder.oid, 'MEMBER')
            WHERE m.member = $1::regrole
          ),
          rights AS (
            SELECT unnest(ARRAY['SELECT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS "right"
            UNION ALL SELECT 'MAINTAIN' WHERE current_setting('server_version_num')::int >= 170000
          ),
          held AS (
            SELECT DISTINCT way, "right" FROM target, ways, rights
            WHERE CASE
              WHEN "right" = 'SELECT' THEN EXISTS (
                SELECT FROM pg_attribute
                WHERE attrelid = id AND attnum > 0 AND NOT attisdropped
                  AND attname <> ALL ($3::name[]) AND has_column_privilege(holder, id, attnum, 'SELECT'))
              WHEN "right" IN ('UPDATE', 'REFERENCES') THEN has_any_column_privilege(holder, id, "right")
              ELSE has_table_privilege(holder, id, "right")
            END
          )
     SELECT way::text, array_agg("right" ORDER BY "right") AS rights
     FROM held
     WHERE way = 'public' OR "right" NOT IN (SELECT everyones."right" FROM held everyones WHERE way = 'public')
     GROUP BY way ORDER BY way`,
    [ROLES.ingest, quoteIdent(table), readable],
  );
  return rows.flatMap(({ way, rights }) => revoke(table, readable, way, rights));
}

function revoke(table: string, readable: readonly string[] | null, way: string, rights: readonly string[]): string[] {
  if (way !== "public" && way !== ROLES.ingest) return [`REVOKE ${quoteIdent(way)} FROM ${ROLES.ingest};`];
  const isOwn = way === ROLES.ingest;
  const statement = `REVOKE ${rights.join(", ")} ON ${quoteIdent(table)} FROM ${isOwn ? ROLES.ingest : "PUBLIC"};`;
  // Of a table, SELECT goes with that of all its columns.
  const givesBack = isOwn && rights.includes("SELECT") && readable && readable.length > 0;
  return givesBack
    ? [statement, `GRANT SELECT (${readable.map(quoteIdent).join(", ")}) ON ${quoteIdent(table)} TO ${ROLES.ingest};`]
    : [statement];
}

/**
 * Makes sure that the ingest role makes no tables of its own. Before Postgres 15 everyone could, and an upgrade keeps it so.
 * @throws MigrationError
 */
export async function assertMakesNoTables(client: Client): Promise<void> {
  const { rows } = await client.query<{ may: boolean }>("SELECT has_schema_privilege($1, 'public', 'CREATE') AS may", [ROLES.ingest]);
  if (rows[0]?.may)
    throw new MigrationError(
      `Role ${ROLES.ingest} may create tables in schema public, because everyone may. Run as the schema's owner, after granting it to the roles that need it: REVOKE CREATE ON SCHEMA public FROM PUBLIC;`,
    );
}
