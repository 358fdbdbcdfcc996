import type { DatabaseError } from "pg";

/**
 * Whose fault an error of Postgres is: the row's (isolate and reject it), the system's (throw and alarm),
 * or nobody's for long (try again within the time left, then throw).
 */
export type Blame = "row" | "system" | "passing";

/** By class, the first two characters: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const BLAME_BY_CLASS: Readonly<Record<string, Blame>> = {
  "08": "passing", // connection lost
  "0A": "system", // feature not supported, e.g. COPY into a table with row security
  "22": "row", // data exception: too long, out of range, bad text
  "23": "row", // a constraint
  "28": "system", // not let in
  "3D": "system", // no such database
  "40": "passing", // deadlock, serialization failure
  "42": "system", // no such table or column, no permission
  "44": "row", // WITH CHECK OPTION of a view
  "53": "passing", // out of connections, memory or disk
  "55": "passing", // lock not available, object in use
  "57": "passing", // cancelled, shutting down, starting up
  "58": "passing", // I/O error under the server
  P0: "row", // RAISE in a trigger
};

/** Codes that differ from their class. */
const BLAME_BY_CODE: Readonly<Record<string, Blame>> = {
  "08P01": "system", // protocol violation: ours, or a proxy's
  "21000": "row", // a trigger's statement met several rows
  "25006": "passing", // read-only: the old primary after a failover
  "54000": "row", // a limit of the program, e.g. an index entry too large
};

/** After these the connection is dropped: it is gone, or leads to the wrong server. */
const DROPS_CONNECTION = /^(08|57|25006)/;

/** A socket error has a code too: ask `instanceof DatabaseError` before this. What the table does not know is the system's. */
export function blameFor(error: DatabaseError): Blame {
  const code = error.code ?? "";
  // A missing partition is a check violation without a constraint's name.
  if (code === "23514" && !error.constraint) return "system";
  return BLAME_BY_CODE[code] ?? BLAME_BY_CLASS[code.slice(0, 2)] ?? "system";
}

export function dropsConnection(error: DatabaseError): boolean {
  return DROPS_CONNECTION.test(error.code ?? "");
}

/** Class 28: a token may have run out, so a fresh one gets one try. */
export function refusesLogin(error: DatabaseError): boolean {
  return (error.code ?? "").startsWith("28");
}
