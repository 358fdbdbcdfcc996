import type { Client, DatabaseError } from "pg";
import type { Deadline } from "../deadline.ts";
import type { MaskedRow } from "../rows/masked-row.ts";
import { formatInsert } from "./insert.ts";
import { ROW_FAULT } from "./sqlstate.ts";
import type { Table } from "./table.ts";

/** The reason of a refusal, as `pg.DatabaseError` has it. */
export type Refusal = Pick<DatabaseError, "code" | "column" | "constraint">;

interface Answer {
  /** The number of rows, from the first, for which time was left. */
  readonly tried: number;
  /** Those of them that were not stored. One without a code was not refused: it was there before, or a trigger left it out. */
  readonly unstored: readonly (Refusal & { readonly position: number })[];
}

/**
 * Inserts the rows that Postgres accepts, in one transaction and one round trip. Each row that it refuses was refused alone.
 * @param deadline after it, no further rows are tried
 * @throws pg.DatabaseError for an error that concerns more than a row; nothing is then committed
 */
export async function insertAccepted(client: Client, table: Table, rows: readonly MaskedRow[], deadline: Deadline): Promise<Answer> {
  // set_config returns its value; the rows need not travel back.
  const settings = "SELECT set_config('masqueue.parts', $1, true) IS NULL, set_config('masqueue.time', $2, true) IS NULL";
  // If one of them fails, so do the next, and COMMIT rolls back.
  const [, , , { rows: answers }] = await Promise.all([
    client.query("BEGIN"),
    client.query(settings, [JSON.stringify([...toParts(rows)]), `${deadline.remaining} ms`]),
    client.query(formatSearch(table)),
    client.query<Answer>("SELECT * FROM jsonb_to_record(current_setting('masqueue.answer')::jsonb) AS answer (tried int, unstored jsonb)"),
    client.query("COMMIT"),
  ]);
  return answers[0] as Answer;
}

/** Rows that are tried together, before each is tried alone if one of them is not stored. */
const PART = 10;

function* toParts(rows: readonly MaskedRow[]) {
  for (let start = 0; start < rows.length; start += PART) yield rows.slice(start, start + PART).map((row) => row.cells());
}

/**
 * The statement that searches in the server, which plans one INSERT for all attempts and logs no refusal (docs/decisions.md). DO takes no
 * parameters, so rows and answer are settings that end with the transaction. A deferred constraint would refuse the whole transaction.
 */
function formatSearch(table: Table): string {
  const cells = table.types.map((type, i) => `(cells->>${i})::${type}`);
  return `DO $search$
    #variable_conflict use_column
    DECLARE
      ends timestamptz := clock_timestamp() + current_setting('masqueue.time')::interval;
      part jsonb; piece jsonb; size int; stored int;
      tried int := 0; part_end int := 0; unstored jsonb[] := '{}';
      of_code text; of_column text; of_constraint text;
    BEGIN
      SET CONSTRAINTS ALL IMMEDIATE;
      <<search>>
      FOR part IN SELECT jsonb_array_elements(current_setting('masqueue.parts')::jsonb) LOOP
        part_end := part_end + jsonb_array_length(part);
        FOREACH piece IN ARRAY ARRAY[part] || ARRAY(SELECT jsonb_build_array(cells) FROM jsonb_array_elements(part) AS cells) LOOP
          EXIT search WHEN clock_timestamp() > ends;
          size := jsonb_array_length(piece);
          BEGIN
            ${formatInsert(table, `${cells.join(", ")} FROM jsonb_array_elements(piece) AS cells`)};
            GET DIAGNOSTICS stored = ROW_COUNT;
            IF stored < size AND size > 1 THEN RAISE 'try each'; END IF;
            IF stored = 0 THEN unstored := unstored || jsonb_build_object('position', tried); END IF;
            tried := tried + size;
          EXCEPTION WHEN OTHERS OR assert_failure THEN
            IF SQLSTATE !~ '${ROW_FAULT}' THEN RAISE; END IF;
            IF size = 1 THEN
              GET STACKED DIAGNOSTICS of_code = RETURNED_SQLSTATE, of_column = COLUMN_NAME, of_constraint = CONSTRAINT_NAME;
              unstored := unstored || jsonb_build_object('position', tried, 'code', of_code, 'column', of_column, 'constraint', of_constraint);
              tried := tried + 1;
            END IF;
          END;
          EXIT WHEN tried = part_end;
        END LOOP;
      END LOOP;
      PERFORM set_config('masqueue.answer', jsonb_build_object('tried', tried, 'unstored', unstored)::text, true);
    END $search$`;
}
