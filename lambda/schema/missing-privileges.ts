import type { Client } from "pg";
import { ROLES } from "../names.ts";
import { MESSAGE_ID_COLUMN, type Pipeline } from "../pipelines/pipeline.ts";
import { describeTable, quoteIdent } from "../postgres/table.ts";
import { MigrationError } from "./error.ts";

interface Rights {
  exists: boolean;
  /** Into each of the pipeline's columns that the table has. */
  mayInsert: boolean;
  /** Both columns of the key. */
  mayRead: boolean;
  /** Those of serial columns that the pipeline leaves to their default; identity columns need no right. */
  sequences: string[];
}

/**
 * Makes sure, before the function is deployed, that the ingest role may write each pipeline's table, and those that all share.
 * @throws MigrationError with the statements that are missing
 */
export async function checkGrants(client: Client, pipelines: readonly Pipeline[]): Promise<void> {
  await assertShared(client);
  for (const pipeline of pipelines) {
    const { name, table, dateColumn } = pipeline;
    const { exists, mayInsert, mayRead, sequences } = await readRights(client, pipeline);
    if (!exists)
      throw new MigrationError(`Pipeline ${name} has no table ${table}: add a migration that makes it to lambda/custom/migrations/.`);
    const missing = [
      ...(mayInsert ? [] : [`GRANT INSERT ON ${quoteIdent(table)} TO ${ROLES.ingest};`]),
      ...(mayRead ? [] : [`GRANT SELECT (${quoteIdent(dateColumn)}, ${MESSAGE_ID_COLUMN}) ON ${quoteIdent(table)} TO ${ROLES.ingest};`]),
      ...sequences.map((sequence) => `GRANT USAGE ON SEQUENCE ${sequence} TO ${ROLES.ingest};`),
    ];
    if (missing.length > 0)
      throw new MigrationError(
        `Role ${ROLES.ingest} may not write table ${table}. Add to a new file in lambda/custom/grants/: ${missing.join(" ")}`,
      );
  }
}

/** What `grants/` gives on the tables that all pipelines share; somebody may have taken it away. */
async function assertShared(client: Client): Promise<void> {
  const { rows } = await client.query<{ right: string; table: string }>(
    `SELECT "right", "table" FROM (VALUES ('INSERT', 'rejections'), ('SELECT', 'mask_keys'), ('INSERT', 'mask_keys')) AS needed ("right", "table")
     WHERE NOT coalesce(has_table_privilege($1, to_regclass("table"), "right"), false)`,
    [ROLES.ingest],
  );
  if (rows.length === 0) return;
  const grants = rows.map(({ right, table }) => `GRANT ${right} ON ${table} TO ${ROLES.ingest};`);
  throw new MigrationError(`Role ${ROLES.ingest} lacks rights that it was given. Run as the tables' owner: ${grants.join(" ")}`);
}

async function readRights(client: Client, pipeline: Pipeline): Promise<Rights> {
  const { name, columns, dateColumn } = describeTable(pipeline);
  const { rows } = await client.query<Rights>(
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
  return rows[0] as Rights;
}
