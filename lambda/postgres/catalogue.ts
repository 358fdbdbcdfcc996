import type { Client } from "pg";

/** What Postgres says of a table and of itself. */
export interface Catalogue {
  readonly serverVersion: number;
  readonly serverEncoding: string;
  readonly clientEncoding: string;
  /** False where the table does not exist in the search path. */
  readonly exists: boolean;
  readonly rowSecurity: boolean;
  readonly columns: readonly CatalogueColumn[];
  /** A unique index on just the key's columns that `ON CONFLICT` can use. */
  readonly hasKey: boolean;
}

export interface CatalogueColumn {
  readonly name: string;
  /** As `format_type` says it without a length: `character varying`, `text`, `date`. */
  readonly type: string;
  /** Longest value in characters; null where there is no limit. */
  readonly length: number | null;
  /** NOT NULL without a default. */
  readonly needsValue: boolean;
}

/**
 * Reads the catalogue with one statement that every role may run and Postgres 10 understands.
 * @param table its name, quoted
 * @param key the columns of the unique key, in any order
 */
export async function readCatalogue(client: Client, table: string, key: readonly string[]): Promise<Catalogue> {
  const { rows } = await client.query<Catalogue>(
    `WITH target AS (SELECT to_regclass($1) AS id)
     SELECT current_setting('server_version_num')::int AS "serverVersion",
            current_setting('server_encoding') AS "serverEncoding",
            current_setting('client_encoding') AS "clientEncoding",
            target.id IS NOT NULL AS "exists",
            coalesce(row_security_active(target.id), false) AS "rowSecurity",
            (SELECT coalesce(json_agg(json_build_object(
                      'name', a.attname,
                      'type', format_type(a.atttypid, NULL),
                      'length', CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4 THEN a.atttypmod - 4 END,
                      'needsValue', a.attnotnull AND NOT a.atthasdef AND a.attidentity = '')), '[]')
             FROM pg_attribute a WHERE a.attrelid = target.id AND a.attnum > 0 AND NOT a.attisdropped) AS "columns",
            EXISTS (SELECT FROM pg_index i
                    WHERE i.indrelid = target.id AND i.indisunique AND i.indisvalid AND i.indimmediate
                      AND i.indpred IS NULL AND i.indexprs IS NULL
                      AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
                           WHERE a.attrelid = i.indrelid
                             AND a.attnum = ANY ((i.indkey::int2[])[0:coalesce((to_jsonb(i)->>'indnkeyatts')::int, i.indnatts) - 1]))
                          = (SELECT array_agg(name ORDER BY name) FROM unnest($2::text[]) AS name)) AS "hasKey"
     FROM target`,
    [table, key],
  );
  return rows[0] as Catalogue;
}
