import type { Client } from "pg";
import * as errors from "../errors.ts";
import { ROLES } from "../names.ts";
import { MESSAGE_ID_COLUMN, type Pipeline } from "../pipelines/pipeline.ts";
import { describeTable, quoteIdent } from "../postgres/table.ts";

interface Privileges {
  readonly exists: boolean;
  /** Into each of the pipeline's columns that the table has. */
  readonly mayInsert: boolean;
  /** Both columns of the key. */
  readonly mayRead: boolean;
  /** Those of serial columns that the pipeline leaves to their default; identity columns need no privilege. */
  readonly sequences: readonly string[];
}

/**
 * Checks, before the function is deployed, that the ingest role may write each pipeline's table and the tables that all pipelines share.
 * @throws MigrationError with the missing statements
 */
export async function checkMissingPrivileges(client: Client, pipelines: readonly Pipeline[]): Promise<void> {
  await checkSharedTables(client);
  for (const pipeline of pipelines) {
    const { name, table, dateColumn } = pipeline;
    const { exists, mayInsert, mayRead, sequences } = await readPrivileges(client, pipeline);
    if (!exists) throw errors.tableMissing(table, name);
    const missing = [
      ...(mayInsert ? [] : [`GRANT INSERT ON ${quoteIdent(table)} TO ${ROLES.ingest};`]),
      ...(mayRead ? [] : [`GRANT SELECT (${quoteIdent(dateColumn)}, ${MESSAGE_ID_COLUMN}) ON ${quoteIdent(table)} TO ${ROLES.ingest};`]),
      ...sequences.map((sequence) => `GRANT USAGE ON SEQUENCE ${sequence} TO ${ROLES.ingest};`),
    ];
    if (missing.length > 0) throw errors.privilegesMissing(table, missing);
  }
}

/** The files of `grants/` grant these once; they may have been revoked since. */
async function checkSharedTables(client: Client): Promise<void> {
  const { rows } = await client.query<{ privilege: string; table: string }>(
    `SELECT privilege, "table" FROM (VALUES ('INSERT', 'rejections'), ('INSERT', 'unknown_fields'), ('SELECT', 'mask_keys'), ('INSERT', 'mask_keys')) AS needed (privilege, "table")
     WHERE NOT coalesce(has_table_privilege($1, to_regclass("table"), privilege), false)`,
    [ROLES.ingest],
  );
  const missing = rows.map(({ privilege, table }) => `GRANT ${privilege} ON ${table} TO ${ROLES.ingest};`);
  if (missing.length > 0) throw errors.sharedPrivilegesMissing(missing);
}

async function readPrivileges(client: Client, pipeline: Pipeline): Promise<Privileges> {
  const { name, columns, dateColumn } = describeTable(pipeline);
  const { rows } = await client.query<Privileges>(
    `WITH target AS (SELECT to_regclass($2) AS id),
          columns AS (SELECT id, attname, attnum FROM target JOIN pg_attribute ON attrelid = id AND attnum > 0 AND NOT attisdropped)
     SELECT (SELECT id FROM target) IS NOT NULL AS "exists",
            coalesce((SELECT bool_and(has_column_privilege($1, id, attnum, 'INSERT')) FROM columns WHERE attname = ANY ($3)), true) AS "mayInsert",
            coalesce((SELECT bool_and(has_column_privilege($1, id, attnum, 'SELECT')) FROM columns WHERE attname = ANY ($4)), true) AS "mayRead",
            (SELECT coalesce(json_agg(s.oid::regclass::text), '[]')
             FROM columns
             JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = id AND d.refobjsubid = attnum AND d.deptype = 'a'
             JOIN pg_class s ON d.classid = 'pg_class'::regclass AND d.objid = s.oid
             WHERE attname <> ALL ($3) AND CASE WHEN s.relkind = 'S' THEN NOT has_sequence_privilege($1, s.oid, 'USAGE') END) AS "sequences"`,
    [ROLES.ingest, quoteIdent(name), columns, [dateColumn, MESSAGE_ID_COLUMN]],
  );
  return rows[0] as Privileges;
}
