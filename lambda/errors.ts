/**
 * Every error that leaves a function: the table of codes first, then a function for each sentence. Lambda prints what is thrown, and the
 * text of a foreign error (Postgres's `detail`, JSON.parse's message) quotes values, so nothing else may be thrown.
 */

/** By code: what happened, and what to do. docs/operate.md shows this table; a test compares the two. */
export const ERRORS = {
  configuration: { happened: "a variable is missing or wrong", action: "correct the variable that reason names" },
  table_mismatch: { happened: "the table does not fit the pipeline", action: "change what reason lists" },
  mask_key_mismatch: { happened: "rows were masked with another key or mode", action: "use that key and mode" },
  mask_key_unavailable: { happened: "KMS did not derive the masking key", action: "check key state, policy and route to KMS" },
  login_unavailable: { happened: "the Postgres password was not available", action: "check the secret, its policy and the route" },
  database_unavailable: { happened: "Postgres cannot be reached", action: "bring it back; redelivery does the rest" },
  database_refused: { happened: "Postgres returned an error", action: "look up its SQLSTATE below" },
  out_of_time: { happened: "Postgres did not respond in time", action: "look for locks and a slow database" },
  not_an_sqs_event: { happened: "the event has no list of SQS messages", action: "invoke the function only from SQS" },
  internal_error: { happened: "unexpected error; its text is withheld", action: "report the bug with the stack from the log" },
} as const satisfies Record<string, { happened: string; action: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** A failure of the whole batch: nothing of it is reported as done, and SQS delivers it again. */
export class IngestError extends Error {
  override readonly name = "IngestError";
  readonly code: ErrorCode;
  readonly sqlstate: string | undefined;

  /**
   * @param code for alarms and the runbook
   * @param message our own sentence: what is wrong, where, what to do; never a value out of a message
   * @param sqlstate Postgres's five characters, if Postgres refused
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
    // The message goes first: one of its lines may look like a frame.
    const frames = error.stack
      .replace(error.message, "")
      .split("\n")
      .filter((line) => /^\s+at .+:\d+:\d+\)?$/.test(line));
    own.stack = [`${own.name}: ${own.message}`, ...frames].join("\n");
  }
  return own;
}

/** The system's code of a foreign error, for example ECONNREFUSED. Several addresses of one host fail together, each with its own code. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("errors" in error && Array.isArray(error.errors)) return systemCodeOf(error.errors[0]);
  const code = "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]+$/.test(code) ? code : undefined;
}

// Errors of the ingest function

export function notAnSqsEvent(): IngestError {
  return new IngestError("not_an_sqs_event", "The event is not an SQS event: it needs a list Records, each with a messageId and a body.");
}

export function variableMissing(name: string): IngestError {
  return new IngestError("configuration", `${name} is not set.`);
}

/** @param allowed the values that the variable takes */
export function variableInvalid(name: string, value: string | undefined, allowed: string): IngestError {
  return new IngestError("configuration", `${name} is "${value}"; allowed: ${allowed}.`);
}

/** @param subject what the variables give, for example `a login` */
export function variablesConflict(names: readonly string[], subject: string): IngestError {
  return new IngestError("configuration", `${names.join(" and ")} are set; set one of them: ${subject} comes from one place.`);
}

export function fileUnreadable(variable: string, file: string, expected: string): IngestError {
  return new IngestError("configuration", `${variable} names ${file}, which is not ${expected}.`);
}

export function tlsMissing(variable: string, sslMode: string): IngestError {
  return new IngestError("configuration", `${variable} needs TLS: set ${sslMode} to verify-full.`);
}

export function maskingReversible(pipeline: string): IngestError {
  return new IngestError(
    "configuration",
    `Pipeline ${pipeline} masks by plain SHA-256, which anyone can reverse. Use "hmac", or set acceptReversible: true in its declaration.`,
  );
}

export function maskKeyMissing(kmsKey: string, keyFile: string): IngestError {
  return new IngestError(
    "configuration",
    `No masking key: set ${kmsKey} to an HMAC key in KMS (or, outside AWS, ${keyFile} to a file that holds the key).`,
  );
}

export function maskKeyTooShort(bytes: number, min: number): IngestError {
  return new IngestError("configuration", `The masking key has ${bytes} bytes; it needs at least ${min}.`);
}

export function maskKeyLate(): IngestError {
  return new IngestError("mask_key_unavailable", "The masking key was not available within the function's time.");
}

/** @param code AWS's or the system's */
export function maskKeyRefused(code: string): IngestError {
  return new IngestError(
    "mask_key_unavailable",
    `KMS did not derive a masking key: ${code}. Check the key's state, its policy and the way to the KMS endpoint.`,
  );
}
