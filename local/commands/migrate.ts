import { dataDirAt } from "../targets/data-dir.ts";
import { migrateTarget, openNamedPostgres } from "../targets/open.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { checkInterrupted } from "../terminal/signals.ts";

/** Brings a database up to date, or prints the statements that would. */
export async function migrateCommand(options: { env: boolean; dryRun: boolean; yes: boolean; data?: string }): Promise<number> {
  const postgres = await openNamedPostgres(dataDirAt(options.data), options.env);
  try {
    console.error(`Postgres   ${postgres.label}`);
    checkInterrupted();
    if (!options.dryRun) await confirmTargets([postgres], options.yes);
    const names = await migrateTarget(postgres, { dryRun: options.dryRun, print: (text) => console.log(text.trim()) });
    const verb = options.dryRun ? "Pending" : "Applied";
    console.error(names.length === 0 ? "The database is up to date." : `${verb}: ${names.join(", ")}`);
    return 0;
  } finally {
    await postgres.close();
  }
}
