import type { DatabaseError } from "pg";

/**
 * The cause of an error of Postgres: the row (isolate and reject it), the system (throw and alarm), or something transient (retry
 * within the time left, then throw).
 */
export type Blame = "row" | "system" | "transient";

/** By class, the first two characters: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const BLAME_BY_CLASS: Readonly<Record<string, Blame>> = {
  "08": "transient", // connection lost
  "0A": "system", // feature not supported, e.g. COPY into a table with row security
  "22": "row", // data exception: too long, out of range, bad text
  "23": "row", // a constraint
  "28": "system", // login refused
  "3D": "system", // no such database
  "40": "transient", // deadlock, serialization failure
  "42": "system", // no such table or column, no permission
  "44": "row", // WITH CHECK OPTION of a view
  "53": "transient", // out of connections, memory or disk
  "55": "transient", // lock not available, object in use
  "57": "transient", // cancelled, shutting down, starting up
  "58": "transient", // I/O error under the server
  P0: "row", // RAISE in a trigger
};

/** Codes that differ from their class. */
const BLAME_BY_CODE: Readonly<Record<string, Blame>> = {
  "08P01": "system", // protocol violation by us or by a proxy
  "21000": "row", // a trigger's statement affected several rows
  "25006": "transient", // read-only: the old primary after a failover
  "54000": "row", // a limit of the program, e.g. an index entry too large
};

/** After these the connection is dropped: it is lost, or leads to the wrong server. */
const DROPS_CONNECTION = /^(08|57|25006)/;

/** Check `instanceof DatabaseError` first: a socket error has a code, too. A code that is in neither table is the system's. */
export function assignBlame({ code = "" }: DatabaseError): Blame {
  return BLAME_BY_CODE[code] ?? BLAME_BY_CLASS[code.slice(0, 2)] ?? "system";
}

/** The codes that are the row's fault, as a regular expression for Postgres. */
export const ROW_FAULT = `^(${Object.entries({ ...BLAME_BY_CLASS, ...BLAME_BY_CODE })
  .filter(([, blame]) => blame === "row")
  .map(([code]) => code)
  .join("|")})`;

/** Whether the table has no partition for a row: the only check violation without a constraint's name. */
export function lacksPartition({ code, constraint }: Pick<DatabaseError, "code" | "constraint">): boolean {
  return code === NO_PARTITION && !constraint;
}

export const NO_PARTITION = "23514";

export function dropsConnection(error: DatabaseError): boolean {
  return DROPS_CONNECTION.test(error.code ?? "");
}

/** Class 28: a token may have expired, so a fresh one gets one attempt. */
export function refusesLogin(error: DatabaseError): boolean {
  return (error.code ?? "").startsWith("28");
}
