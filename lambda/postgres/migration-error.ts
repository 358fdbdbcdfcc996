import pg from "pg";

/** A migration that did not go through; the message says what stands in the way and what to do. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/** A refusal of Postgres in one sentence, without `detail` and `where`, which quote rows; other errors as they are. */
export function explained(error: unknown, lockTimeout: number): Error {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error ? error : new Error(String(error));
  if (error.code === "55P03")
    return new MigrationError(
      `A table was in use for longer than ${lockTimeout} ms: another session holds a lock on it. End it or try again later.`,
    );
  // A refusal of class 22 (data exception) quotes the value that does not fit.
  if (error.code?.startsWith("22"))
    return new MigrationError(
      `Postgres refused a migration (SQLSTATE ${error.code}): a value in a table does not fit. Postgres's words are withheld, because they quote it.`,
    );
  const hint = error.hint ? ` ${error.hint}` : "";
  return new MigrationError(`Postgres refused a migration (SQLSTATE ${error.code}): ${error.message}.${hint}`);
}
