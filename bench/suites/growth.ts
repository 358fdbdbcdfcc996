import type pg from "pg";
import { createPlan, type Scale } from "../measure.ts";
import { compare, type Figure, figure } from "../report/figures.ts";
import type { Batch } from "../support/batches.ts";
import { WrongRows } from "../support/checksum.ts";
import { connect, createTable } from "../support/database.ts";
import { openFunction } from "../support/function.ts";
import { DAY } from "../support/logins.ts";
import { COLUMNS } from "../support/rows.ts";
import { measureWriters, type Writer } from "../support/writers.ts";
import { measureBacklog } from "./growth-backlog.ts";
import { measureParallelWriters } from "./growth-writers.ts";
import type { SuiteContext } from "./suite.ts";

const SIZE = 1_000;
const DAYS = 100;

/** Rows in the grown table before a measurement. */
const STEPS: Readonly<Record<Scale, readonly number[]>> = {
  quick: [20_000],
  full: [100_000, 1_000_000],
  long: [100_000, 1_000_000, 10_000_000],
};

/** The function's speed as the table, the number of writers and the backlog grow. */
export async function measure(context: SuiteContext): Promise<Figure[]> {
  return [...(await measureTable(context)), ...(await measureParallelWriters(context)), ...(await measureBacklog(context))];
}

/** A table that has grown over a hundred days against an empty one: new rows of one day, right after a checkpoint. */
async function measureTable({ postgres, scale }: SuiteContext): Promise<Figure[]> {
  const client = await connect(postgres);
  const tables = { grown: await createTable(client, "grown"), empty: await createTable(client, "empty") };
  const invoke = { grown: await openFunction(postgres, tables.grown), empty: await openFunction(postgres, tables.empty) };
  // Many, because in production many follow a checkpoint: each page's first change after it writes the whole page to the WAL.
  const batches = scale === "quick" ? 5 : 50;
  const figures: Figure[] = [];
  for (const rows of STEPS[scale]) {
    console.error(`growth: a table of ${rows.toLocaleString("en")} rows`);
    await fill(client, tables.grown, rows);
    const sizes = await client.query("SELECT pg_total_relation_size($1)::float8 / $2 AS bytes", [tables.grown, rows]);
    const wal = { grown: [] as number[], empty: [] as number[] };
    const writers = {
      function: { table: tables.grown, write: ({ event }: Batch) => invoke.grown(event), ...watchWal(client, batches * SIZE, wal.grown) },
      "empty table": {
        table: tables.empty,
        startsEmpty: true,
        write: ({ event }: Batch) => invoke.empty(event),
        ...watchWal(client, batches * SIZE, wal.empty),
      },
    };
    const { function: rates, ...baselines } = await measureWriters(client, writers, { ...createPlan(scale, 20, 9), size: SIZE, batches });
    const group = `table of ${rows.toLocaleString("en")} rows`;
    figures.push(
      ...compare({ group, unit: "rows/s" }, rates, baselines),
      figure({ group, unit: "bytes per row" }, "on disk, with its key", [sizes.rows[0]?.bytes]),
      figure({ group, unit: "bytes per row" }, "WAL", wal.grown, { "empty table": wal.empty }),
      // Almost without images of pages: the bytes of the rows.
      figure({ group, unit: "bytes per row" }, "WAL of an empty table", wal.empty),
    );
  }
  return figures;
}

/** Fills a table as the function does, in the order of the days; the last one is the day of the measured rows. */
async function fill(client: pg.Client, table: string, rows: number): Promise<void> {
  const token = (what: string) => `'v1.' || left(encode(sha256(('${what}' || day || ' ' || row)::bytea), 'hex'), 32)`;
  await client.query(`TRUNCATE ${table}`);
  const { rowCount } = await client.query(
    `INSERT INTO ${table} (${COLUMNS.join(", ")})
     SELECT gen_random_uuid(), 'android', ${token("ip")}, ${token("device")}, 'DE', '2.3.0', date '${DAY}' - day, gen_random_uuid()
     FROM generate_series(${DAYS - 1}, 0, -1) AS day, generate_series(1, $1::int) AS row`,
    [rows / DAYS],
  );
  if (rowCount !== rows) throw new WrongRows(`The table of ${rows} rows was filled with ${rowCount}.`);
  // Otherwise the server would do it in the middle of a measurement.
  await client.query(`VACUUM ANALYZE ${table}`);
}

/** Begins each run with a checkpoint, and keeps the bytes of WAL per row at each repetition. @param rows per run */
function watchWal(client: pg.Client, rows: number, bytesPerRow: number[]): Pick<Writer, "before" | "after"> {
  let start = "";
  return {
    async before() {
      await client.query("CHECKPOINT");
      start = (await client.query("SELECT pg_current_wal_insert_lsn()::text AS start")).rows[0]?.start;
    },
    async after(repetition) {
      const wal = await client.query("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1)::float8 AS bytes", [start]);
      if (repetition >= 0) bytesPerRow.push(wal.rows[0]?.bytes / rows);
    },
  };
}
