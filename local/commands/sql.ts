import pg from "pg";
import * as errors from "../errors.ts";
import { resolveDataDir } from "../targets/data-dir.ts";
import { migrateTarget, openRequiredPostgres, withClient } from "../targets/postgres.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { checkInterrupted, interruptible } from "../terminal/signals.ts";
import { AS_PRINTED, formatTable } from "../terminal/table.ts";

/** Runs a statement and prints its rows. @returns the exit code */
export async function sql(statement: string, options: { env: boolean; yes: boolean; data?: string }): Promise<number> {
  if (statement.trim() === "") throw errors.emptyStatement();
  await using postgres = await openRequiredPostgres(resolveDataDir(options.data), options.env);
  checkInterrupted();
  if (postgres.isEmbedded) await migrateTarget(postgres);
  else console.error(`Postgres   ${postgres.label}`);
  await confirmTargets([postgres], options.yes);
  const query = { text: statement, rowMode: "array" as const, types: AS_PRINTED };
  const results = await withClient(postgres, (client) => interruptible(client.query(query))).catch((error: unknown) => {
    throw error instanceof pg.DatabaseError ? errors.refusedStatement(error.code, error.message) : error;
  });
  for (const { fields, rows, command, rowCount } of [results].flat() as pg.QueryArrayResult[]) {
    const head = fields.map(({ name }) => name);
    if (head.length > 0) console.log(formatTable(head, rows));
    console.log(head.length > 0 ? `(${rows.length} rows)` : `${command} ${rowCount ?? ""}`.trim());
  }
  return 0;
}
