import pg from "pg";
import * as errors from "../errors.ts";

/** The circumstances of a refused statement. */
export interface Circumstances {
  /** Milliseconds that it waited for a table. */
  readonly lockTimeout?: number;
  /** Name of the migration that ran. */
  readonly file?: string | undefined;
  /** Help if a privilege is missing. */
  readonly denied?: string | undefined;
}

/** Codes whose messages quote values: data exceptions, the RAISE of a trigger, a view's check option. */
const QUOTES_VALUES = /^(22|44|P0)/;
/** The RAISE in 001_user_logins.sql, which quotes names only. */
const LEGACY_CHECK = "2BP01";

/** Describes Postgres's refusal, without `detail` and `where`, which quote rows. Other errors are returned as they are. */
export function describeRefusal(error: unknown, { lockTimeout, file, denied }: Circumstances = {}): Error {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error ? error : new Error(String(error));
  const { code = "", message, hint, routine } = error;
  if (code === "55P03") return errors.tableInUse(lockTimeout);
  // A RAISE may choose any code.
  const mayQuote = QUOTES_VALUES.test(code) || (routine === "exec_stmt_raise" && code !== LEGACY_CHECK);
  if (mayQuote) return errors.statementRefused(code, listNames(error), file);
  const help = [hint ?? "", code === "42501" && denied ? denied : "", ...listNames(error)].filter((sentence) => sentence !== "");
  return errors.statementRefused(code, help, file, message);
}

/** The names that Postgres reports beside its message, which hold no values. */
function listNames({ table, column, constraint }: pg.DatabaseError): string[] {
  const names = Object.entries({ table, column, constraint }).flatMap(([kind, name]) => (name ? [`${kind} ${name}`] : []));
  return names.length > 0 ? [`See ${names.join(", ")}.`] : [];
}
