import pg from "pg";

/** A migration that did not go through; the message says what stands in the way and what to do. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/** What Postgres was doing. */
export interface Circumstances {
  /** How long it waited for a lock, in milliseconds. */
  readonly lockTimeout?: number;
  /** Name of the migration that ran. */
  readonly file?: string | undefined;
  /** What to do where a right is missing, a sentence. */
  readonly denied?: string | undefined;
}

/** Their words quote values: data exceptions, the RAISE of a trigger, a view's check option. */
const QUOTES_VALUES = /^(22|44|P0)/;
/** The adoption check of Masqueue's own first migration, which quotes names alone. */
const OWN_CHECK = "2BP01";

/** A refusal of Postgres in one sentence, without `detail` and `where`, which quote rows; other errors as they are. */
export function explained(error: unknown, { lockTimeout, file, denied }: Circumstances = {}): Error {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error ? error : new Error(String(error));
  const { code = "", message, hint, routine } = error;
  if (code === "55P03")
    return new MigrationError(
      `A table was in use for longer than ${lockTimeout} ms: another session holds a lock on it. End it or try again later.`,
    );
  const refusal = `Postgres refused ${file ? `migration ${file}` : "a statement"} (SQLSTATE ${code})`;
  // A RAISE may choose any code.
  if (QUOTES_VALUES.test(code) || (routine === "exec_stmt_raise" && code !== OWN_CHECK))
    return new MigrationError([`${refusal}. Its words are withheld, because they may quote a row.`, ...places(error)].join(" "));
  const help = [hint, code === "42501" && denied, ...places(error)].filter(Boolean);
  return new MigrationError([`${refusal}: ${message}.`, ...help].join(" "));
}

/** What Postgres names beside its words, which holds no values. */
function places({ table, column, constraint }: pg.DatabaseError): string[] {
  const named = Object.entries({ table, column, constraint }).filter(([, name]) => name);
  return named.length > 0 ? [`See ${named.map(([what, name]) => `${what} ${name}`).join(", ")}.`] : [];
}
