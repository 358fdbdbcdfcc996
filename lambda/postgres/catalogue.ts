import type { Client } from "pg";
import { MESSAGE_ID_COLUMN, type Pipeline } from "../pipelines/pipeline.ts";
import { quoteIdent } from "./table.ts";

/** Postgres's description of a table and of itself. */
export interface Catalogue {
  readonly serverVersion: number;
  readonly serverEncoding: string;
  readonly clientEncoding: string;
  /** Whether the table exists in the search path. */
  readonly exists: boolean;
  readonly comment: string | null;
  readonly rowSecurity: boolean;
  readonly columns: readonly CatalogueColumn[];
  /** A unique index on exactly the key's columns that `ON CONFLICT` can use. */
  readonly hasKey: boolean;
}

export interface CatalogueColumn {
  readonly name: string;
  /** The result of `format_type` without a length: `character varying`, `text`, `date`. Of a domain, the type that it is made from. */
  readonly type: string;
  readonly isDomain: boolean;
  /** The longest value in characters; null if there is no limit. */
  readonly length: number | null;
  /** Digits in all and after the point of a numeric column; null if there is no limit. */
  readonly precision: number | null;
  readonly scale: number | null;
  /** Postgres computes or counts the values, and refuses others. */
  readonly isGenerated: boolean;
  /** A row without a value gets one that is not NULL. */
  readonly hasDefault: boolean;
  /** NOT NULL without a default. */
  readonly needsValue: boolean;
  readonly comment: string | null;
}

/** Reads the catalogue of a pipeline's table with one statement that every role may run and Postgres 10 understands. */
export async function readCatalogue(client: Client, { table, dateColumn }: Pipeline): Promise<Catalogue> {
  const { rows } = await client.query<Catalogue>(
    `WITH RECURSIVE
     target AS (SELECT to_regclass($1) AS id),
     attributes AS (SELECT a.* FROM target JOIN pg_attribute a ON a.attrelid = target.id AND a.attnum > 0 AND NOT a.attisdropped),
     -- A row for each column, and if its type is a domain, one for each type below.
     layers AS (
       SELECT attnum, 0 AS depth, atttypid AS type, atttypmod AS modifier FROM attributes
       UNION ALL
       SELECT attnum, depth + 1, typbasetype, typtypmod FROM layers JOIN pg_type ON pg_type.oid = type AND typtype = 'd'
     ),
     types AS (
       SELECT attnum, max(depth) > 0 AS "isDomain", bool_or(typnotnull) AS required, bool_or(typdefault IS NOT NULL) AS filled,
              (array_agg(type ORDER BY depth DESC))[1] AS type, (array_agg(modifier ORDER BY depth DESC))[1] AS modifier
       FROM layers JOIN pg_type ON pg_type.oid = type GROUP BY attnum
     ),
     columns AS (
       SELECT a.*, type, modifier, "isDomain", attnotnull OR required AS required, filled OR atthasdef OR attidentity <> '' AS filled
       FROM attributes a JOIN types USING (attnum)
     )
     SELECT current_setting('server_version_num')::int AS "serverVersion",
            current_setting('server_encoding') AS "serverEncoding",
            current_setting('client_encoding') AS "clientEncoding",
            target.id IS NOT NULL AS "exists",
            obj_description(target.id, 'pg_class') AS "comment",
            coalesce(row_security_active(target.id), false) AS "rowSecurity",
            (SELECT coalesce(json_agg(json_build_object(
                      'name', attname,
                      'type', format_type(type, NULL),
                      'isDomain', "isDomain",
                      'length', CASE WHEN type IN ('varchar'::regtype, 'bpchar'::regtype) AND modifier > 4 THEN modifier - 4 END,
                      'precision', CASE WHEN type = 'numeric'::regtype AND modifier > 4 THEN (modifier - 4) >> 16 END,
                      'scale', CASE WHEN type = 'numeric'::regtype AND modifier > 4 THEN (((modifier - 4) & 2047) # 1024) - 1024 END,
                      'isGenerated', attidentity = 'a' OR coalesce(to_jsonb(columns)->>'attgenerated', '') <> '',
                      'hasDefault', filled,
                      'needsValue', required AND NOT filled,
                      'comment', col_description(attrelid, attnum)) ORDER BY attnum), '[]')
             FROM columns) AS "columns",
            EXISTS (SELECT FROM pg_index i
                    WHERE i.indrelid = target.id AND i.indisunique AND i.indisvalid AND i.indimmediate
                      AND i.indpred IS NULL AND i.indexprs IS NULL
                      AND (SELECT array_agg(attname::text ORDER BY attname) FROM attributes
                           WHERE attnum = ANY ((i.indkey::int2[])[0:coalesce((to_jsonb(i)->>'indnkeyatts')::int, i.indnatts) - 1]))
                          = (SELECT array_agg(name ORDER BY name) FROM unnest($2::text[]) AS name)) AS "hasKey"
     FROM target`,
    [quoteIdent(table), [dateColumn, MESSAGE_ID_COLUMN]],
  );
  return rows[0] as Catalogue;
}
