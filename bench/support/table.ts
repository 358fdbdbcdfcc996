import type pg from "pg";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { quoteIdent, type Table, tableOf } from "../../lambda/postgres/table.ts";

/** A variant's own table, with the columns and the key of `user_logins`, and the pipeline that writes there. */
export interface BenchTable {
  readonly table: Table;
  readonly pipeline: Pipeline;
}

/** Makes a table, empty. @param name of plain lower-case words */
export async function createTable(client: pg.Client, name: string): Promise<BenchTable> {
  const pipeline = { ...userLogins, table: `bench_${name.replaceAll(/\W+/g, "_")}` };
  await client.query(`DROP TABLE IF EXISTS ${quoteIdent(pipeline.table)}`);
  await client.query(`CREATE TABLE ${quoteIdent(pipeline.table)} (LIKE ${quoteIdent(userLogins.table)} INCLUDING ALL)`);
  return { table: tableOf(pipeline), pipeline };
}

export async function emptyTables(client: pg.Client, tables: readonly BenchTable[]): Promise<void> {
  await client.query(`TRUNCATE ${tables.map(({ table }) => quoteIdent(table.name)).join(", ")}`);
}
