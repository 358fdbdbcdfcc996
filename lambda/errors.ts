/**
 * Every error that leaves a function: the table of codes first, then a function for each sentence. Lambda prints what is thrown, and the
 * text of a foreign error (Postgres's `detail`, JSON.parse's message) quotes values, so nothing else may be thrown.
 */

import { ROLES } from "./names.ts";

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

/** Turns anything caught into an {@link IngestError}; only the class name and the stack frames of a foreign error survive. */
export function toIngestError(error: unknown): IngestError {
  if (error instanceof IngestError) return error;
  const name = error instanceof Error ? error.name : typeof error;
  const withheld = new IngestError(
    "internal_error",
    `An unexpected ${name} was thrown; its text is withheld because it may quote a message.`,
  );
  if (error instanceof Error && error.stack) {
    // The message is removed first, because one of its lines may look like a frame.
    const frames = error.stack
      .replace(error.message, "")
      .split("\n")
      .filter((line) => /^\s+at .+:\d+:\d+\)?$/.test(line));
    withheld.stack = [`${withheld.name}: ${withheld.message}`, ...frames].join("\n");
  }
  return withheld;
}

/** The system's code of a foreign error, for example ECONNREFUSED. Several addresses of one host fail together, each with its own code. */
export function findSystemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("errors" in error && Array.isArray(error.errors)) return findSystemCode(error.errors[0]);
  const code = "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]+$/.test(code) ? code : undefined;
}

// Errors of the ingest function

const configuration = (message: string) => new IngestError("configuration", message);

export const notAnSqsEvent = () =>
  new IngestError("not_an_sqs_event", "The event is not an SQS event: it needs a list Records, each with a messageId and a body.");
export const variableMissing = (name: string) => configuration(`${name} is not set.`);

/** @param allowed the values that the variable takes */
export const variableInvalid = (name: string, value: string | undefined, allowed: string) =>
  configuration(`${name} is "${value}"; allowed: ${allowed}.`);

/** @param subject the thing that the variables configure, for example `a login` */
export const variablesConflict = (names: readonly string[], subject: string) =>
  configuration(`${names.join(" and ")} are set; set only one of them: ${subject} comes from one place.`);
export const fileUnreadable = (variable: string, file: string, expected: string) =>
  configuration(`${variable} names ${file}, which is not ${expected}.`);
export const tlsMissing = (variable: string, sslMode: string) => configuration(`${variable} needs TLS: set ${sslMode} to verify-full.`);
export const maskingReversible = (pipeline: string) =>
  configuration(
    `Pipeline ${pipeline} masks by plain SHA-256, which anyone can reverse. Use "hmac", or set acceptReversible: true in its declaration.`,
  );
export const maskKeyMissing = (kmsKey: string, keyFile: string) =>
  configuration(`No masking key: set ${kmsKey} to an HMAC key in KMS (or, outside AWS, ${keyFile} to a file that holds the key).`);
export const maskKeyTooShort = (bytes: number, min: number) =>
  configuration(`The masking key has ${bytes} bytes; it needs at least ${min}.`);
export const maskKeyLate = () => new IngestError("mask_key_unavailable", "The masking key was not available within the function's time.");

/** @param reason a code of AWS or of the system, or a phrase */
export const maskKeyRefused = (reason: string) =>
  new IngestError(
    "mask_key_unavailable",
    `KMS did not derive a masking key: ${reason}. Check the key's state, its policy and the route to the KMS endpoint.`,
  );

/** @param variable the one for this service alone */
export const endpointInvalid = (variable: string) =>
  configuration(`${variable} or AWS_ENDPOINT_URL is not a URL like http://localhost:4566.`);

/** @param problem of the secret, or the code of the failure to read it */
export function secretUnusable(variable: string, problem: string): IngestError {
  const help = "Check the secret, the function's permission to read it and the route to the Secrets Manager endpoint.";
  return new IngestError("login_unavailable", `The secret that ${variable} names cannot be used: ${problem}. ${help}`);
}

export const passwordLate = () =>
  new IngestError("login_unavailable", "The password for Postgres was not available within the function's time.");

/** @param code the reason if no connection could be opened, like ECONNREFUSED; undefined if an open one was lost */
export function databaseUnavailable(code?: string): IngestError {
  const cause = code ? ` (${code})` : "";
  return new IngestError("database_unavailable", `The connection to Postgres failed${cause}; the batch will be delivered again.`);
}

export const databaseLate = () =>
  new IngestError("out_of_time", "Postgres did not respond within the function's time; the batch will be delivered again.");

export function databaseRefused(sqlstate: string | undefined): IngestError {
  const help = SQLSTATE_HELP[sqlstate ?? ""] ?? "docs/operate.md lists what to do for each SQLSTATE.";
  return new IngestError("database_refused", `Postgres returned SQLSTATE ${sqlstate}. ${help}`, sqlstate);
}

/** For the codes that a new installation meets first. */
const SQLSTATE_HELP: Readonly<Record<string, string>> = {
  "28P01": "The user or the password is wrong.",
  "3D000": "The database does not exist.",
  "42P01": "The table does not exist: run `masqueue migrate --env`.",
  "42501": "The role lacks a privilege: run `masqueue migrate --env` as the table's owner.",
  "23514": "The table has no partition for the dates of this batch: add one.",
  "0A000": "Row security is on for the table; COPY refuses it.",
};

/** @param problems everything that does not fit, each with what to do */
export const tableMismatch = (table: string, pipeline: string, problems: readonly string[]) =>
  new IngestError("table_mismatch", `Table ${table} does not fit pipeline ${pipeline}: ${problems.join("; ")}.`);
export const maskKeyMismatch = (identifiers: readonly string[]) =>
  new IngestError(
    "mask_key_mismatch",
    `The rows in this database were masked with another key or in another mode (${identifiers.join(", ")}): equal values would get unequal tokens. Use the key and the mode that masked them, or an empty database. If the tokens have 67 characters, shorten them: docs/masking.md.`,
  );

// Errors of the migrate function

/** A migration that failed; the message states the reason and what to do. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/** Postgres was reached and refused the login. */
export class LoginRefused extends MigrationError {}

const migration = (message: string) => new MigrationError(message);

export const serverUnreachable = (host: string | undefined, port: number | undefined, code: string | undefined) =>
  migration(`Postgres at ${host}:${port} cannot be reached (${code ?? "no response"}).`);

/** @param isTransient the server may accept the connection later */
export function connectionRefused(database: string | undefined, sqlstate: string | undefined, isTransient: boolean): MigrationError {
  const help = isTransient ? ` ${TRANSIENT_HELP[sqlstate ?? ""] ?? "Try again later."}` : "";
  return new MigrationError(`Postgres refused the connection to database ${database} (SQLSTATE ${sqlstate}).${help}`);
}

const TRANSIENT_HELP: Readonly<Record<string, string>> = {
  "53300": "All connections are taken: end some or raise the limit (max_connections, CONNECTION LIMIT), then try again.",
  "57P03": "The server is starting up, shutting down or recovering: try again when it is available.",
};
export const loginRefused = (user: string | undefined, sqlstate: string | undefined, help?: LoginHelp) =>
  new LoginRefused(`Postgres refused the login of ${user} (SQLSTATE ${sqlstate}).${help ? ` ${LOGIN_HELP[help]}` : ""}`);

/** The help for a refused login. */
export type LoginHelp = keyof typeof LOGIN_HELP;

const LOGIN_HELP = {
  admin: "Check the secret that ADMIN_SECRET names: it must hold the user name and the password of the master user.",
  adminByToken:
    "It accepts neither the password in the secret that ADMIN_SECRET names nor an IAM token. The creator of the roles may have become a member of rds_iam, and RDS then accepts only a token: grant this function's IAM role rds-db:connect as that user (set database.adminUser in the configuration), or run the files of lambda/schema/sql/roles/ by hand with a token (docs/deploy.md).",
  roleCreated:
    "The role exists: check that IAM authentication is on for the database, and that this function's IAM role has rds-db:connect as that role.",
  roleByHand:
    "If the role is missing, run the files of lambda/schema/sql/roles/ as the master user, or set ADMIN_SECRET to the master user's secret (docs/deploy.md).",
};
export const rolesPending = (files: readonly string[]) =>
  migration(
    `New in lambda/schema/sql/roles/: ${files.join(", ")}. Set ADMIN_SECRET to the master user's secret, so that this function can run them (docs/deploy.md).`,
  );

/** @param pid "(just ended)" if the session is already gone */
export const migrationRunning = (seconds: number, pid: number | string, role: string) =>
  migration(
    `Another migration did not end within ${seconds} s: session ${pid} of role ${role}. Wait for it or, if it hangs, end it as that role: SELECT pg_terminate_backend(${pid}); then migrate again.`,
  );
export const tableInUse = (milliseconds: number | undefined) =>
  migration(
    `A table was in use for longer than ${milliseconds} ms: another session holds a lock on it. End that session or try again later.`,
  );

/**
 * @param help further sentences
 * @param file the migration that ran
 * @param message Postgres's message; undefined if it may quote a row
 */
export function statementRefused(sqlstate: string, help: readonly string[], file?: string, message?: string): MigrationError {
  const refusal = `Postgres refused ${file ? `migration ${file}` : "a statement"} (SQLSTATE ${sqlstate})`;
  const reason = message === undefined ? ". Its message is withheld, because it may quote a row." : `: ${message}.`;
  return new MigrationError([`${refusal}${reason}`, ...help].join(" "));
}

export const schemaMissing = (role: string) =>
  migration(`No schema of the search_path of role ${role} exists: create one, or set the search_path.`);
export const createForbidden = (role: string, schema: string) =>
  migration(`Role ${role} may not create tables in schema ${schema}: migrate as the schema's owner, or grant CREATE to the role.`);
export const ownedByFunction = (tables: readonly string[], owner: string) =>
  migration(`Role ${owner} owns ${tables.join(", ")}: only the deployed migrate function changes them, so deploy instead.`);

/** @param statements they hand the tables over to `role` */
export const ownedByOther = (tables: readonly string[], owner: string, role: string, statements: readonly string[]) =>
  migration(`Role ${owner} owns ${tables.join(", ")}. Hand them over to ${role}, as ${owner} or a superuser: ${statements.join("; ")};`);
export const tableMissing = (table: string, pipeline: string) =>
  migration(`Table ${table} of pipeline ${pipeline} does not exist: create it by a migration in lambda/custom/migrations/.`);
export const privilegesMissing = (table: string, grants: readonly string[]) =>
  migration(`Role ${ROLES.ingest} may not write table ${table}. Add to a new file in lambda/custom/grants/: ${grants.join(" ")}`);
export const sharedPrivilegesMissing = (grants: readonly string[]) =>
  migration(`Role ${ROLES.ingest} has lost privileges that it was granted. Run as the tables' owner: ${grants.join(" ")}`);
export const privilegesInExcess = (revokes: Iterable<string>) =>
  migration(
    `Role ${ROLES.ingest} may do more than write its tables, perhaps by a default privilege. Run as the tables' owner or the grantor: ${[...revokes].join(" ")}`,
  );
export const createInExcess = () =>
  migration(
    `Role ${ROLES.ingest} may create tables in schema public, because everyone may. Run as the schema's owner, after granting CREATE to the roles that need it: REVOKE CREATE ON SCHEMA public FROM PUBLIC;`,
  );
