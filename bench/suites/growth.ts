import type pg from "pg";
import { planFor, type Samples, type Scale, toRates } from "../measure.ts";
import { compare, type Figure } from "../report/figures.ts";
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
  const before = async () => void (await client.query("CHECKPOINT"));
  const writers: Writer[] = [
    { name: "grown", table: tables.grown, before, write: ({ event }) => invoke.grown(event) },
    { name: "empty", table: tables.empty, startsEmpty: true, before, write: ({ event }) => invoke.empty(event) },
  ];
  const figures: Figure[] = [];
  for (const rows of STEPS[scale]) {
    console.error(`growth: a table of ${rows.toLocaleString("en")} rows`);
    await fill(client, tables.grown, rows);
    const samples = await measureWriters(client, writers, { ...planFor(scale, 20, 9), size: SIZE, batches });
    figures.push(...toFigures(rows, samples));
  }
  return figures;
}

/** Fills a table as the function does, in the order of the days; the last one is the day of the measured rows. */
async function fill(client: pg.Client, table: string, rows: number): Promise<void> {
  const token = (what: string) => `'v1.' || encode(sha256(('${what}' || day || ' ' || row)::bytea), 'hex')`;
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

function toFigures(rows: number, samples: Samples): Figure[] {
  const [grown, empty] = [toRates(samples, "grown", SIZE), toRates(samples, "empty", SIZE)];
  return compare({ group: `table of ${rows.toLocaleString("en")} rows`, unit: "rows/s" }, grown, { "empty table": empty });
}
