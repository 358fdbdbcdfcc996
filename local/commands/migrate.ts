import { resolveDataDir } from "../targets/data-dir.ts";
import { migrateTarget, openRequiredPostgres } from "../targets/postgres.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { checkInterrupted } from "../terminal/signals.ts";

/** Brings a database up to date, or prints the statements. @returns the exit code */
export async function migrateCommand(options: { env: boolean; dryRun: boolean; yes: boolean; data?: string }): Promise<number> {
  await using postgres = await openRequiredPostgres(resolveDataDir(options.data), options.env);
  console.error(`Postgres   ${postgres.label}`);
  checkInterrupted();
  if (!options.dryRun) await confirmTargets([postgres], options.yes);
  const names = await migrateTarget(postgres, { dryRun: options.dryRun, print: (text) => console.log(text.trim()) });
  const verb = options.dryRun ? "Pending" : "Applied";
  console.error(names.length === 0 ? "The database is up to date." : `${verb}: ${names.join(", ")}`);
  return 0;
}
