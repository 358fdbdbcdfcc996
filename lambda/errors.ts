/**
 * The only errors that leave the handler: Lambda prints what is thrown, and the
 * text of a foreign error (Postgres's `detail`, JSON.parse's message) quotes values.
 */
export type ErrorCode =
  | "not_an_sqs_event"
  | "configuration"
  | "table_mismatch"
  | "mask_key_mismatch"
  | "mask_key_unavailable"
  | "login_unavailable"
  | "database_unavailable"
  | "database_refused"
  | "rows_unaccounted"
  | "out_of_time"
  | "internal_error";

/** A failure of the whole batch: nothing of it is reported as done, SQS delivers it again. */
export class IngestError extends Error {
  override readonly name = "IngestError";
  readonly code: ErrorCode;
  readonly sqlstate: string | undefined;

  /**
   * @param code what happened, for alarms and the runbook
   * @param message a sentence of our own: what is wrong, where, what to do; never a value out of a message
   * @param sqlstate Postgres's five characters, where Postgres refused
   */
  constructor(code: ErrorCode, message: string, sqlstate?: string) {
    super(message);
    this.code = code;
    this.sqlstate = sqlstate;
  }
}

/** Turns anything caught into an {@link IngestError}; of a foreign error only its class name and stack frames survive. */
export function toIngestError(error: unknown): IngestError {
  if (error instanceof IngestError) return error;
  const name = error instanceof Error ? error.name : typeof error;
  const own = new IngestError("internal_error", `An unexpected ${name} was thrown; its text is withheld because it may quote a message.`);
  if (error instanceof Error && error.stack) {
    // Without its message first: a line of that may look like a frame.
    const frames = error.stack
      .replace(error.message, "")
      .split("\n")
      .filter((line) => /^\s+at .+:\d+:\d+\)?$/.test(line));
    own.stack = [`${own.name}: ${own.message}`, ...frames].join("\n");
  }
  return own;
}

/** The system's code of a foreign error, like ECONNREFUSED; several addresses of one host fail together, each with its own. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("errors" in error && Array.isArray(error.errors)) return systemCodeOf(error.errors[0]);
  const code = "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]+$/.test(code) ? code : undefined;
}
