import pg from "pg";
import { dataDirAt } from "../targets/data-dir.ts";
import { migrateTarget, openNamedPostgres, withClient } from "../targets/open.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { UserError } from "../terminal/errors.ts";
import { checkInterrupted, interruptible } from "../terminal/signals.ts";
import { AS_PRINTED, table } from "../terminal/table.ts";

/** Runs a statement and prints its rows. */
export async function sql(statement: string, options: { env: boolean; yes: boolean; data?: string }): Promise<number> {
  if (statement.trim() === "") throw new UserError("The statement is empty.", 2);
  const postgres = await openNamedPostgres(dataDirAt(options.data), options.env);
  try {
    checkInterrupted();
    if (postgres.isEmbedded) await migrateTarget(postgres);
    else console.error(`Postgres   ${postgres.label}`);
    await confirmTargets([postgres], options.yes);
    await withClient(postgres, async (client) => {
      const results = await interruptible(client.query({ text: statement, rowMode: "array", types: AS_PRINTED }));
      for (const { fields, rows, command, rowCount } of [results].flat() as pg.QueryArrayResult[]) {
        if (fields.length > 0)
          console.log(
            table(
              fields.map(({ name }) => name),
              rows,
            ),
          );
        console.log(fields.length > 0 ? `(${rows.length} rows)` : `${command} ${rowCount ?? ""}`.trim());
      }
    });
    return 0;
  } catch (error) {
    if (error instanceof pg.DatabaseError)
      throw new UserError(`Postgres refused the statement (SQLSTATE ${error.code}): ${error.message}.`);
    throw error;
  } finally {
    await postgres.close();
  }
}
