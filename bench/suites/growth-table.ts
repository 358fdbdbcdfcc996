import type pg from "pg";
import { quoteIdent } from "../../lambda/postgres/table.ts";
import type { Bench, PartResult, Scale } from "../bench.ts";
import { type Figure, figure } from "../figures.ts";
import { interleave, ratesOf, type Variant } from "../measure.ts";
import { type Batch, newBatches, plusAll } from "../support/batches.ts";
import { connected } from "../support/connect.ts";
import { checkRows, NOTHING, tallyIn, WrongRows } from "../support/expected.ts";
import { functionOn } from "../support/function.ts";
import { planFor } from "../support/plan.ts";
import { type BenchTable, createTable, emptyTables } from "../support/table.ts";

const SIZE = 1_000;
const DAYS = 100;

/** Rows that the grown table holds before. */
const STEPS: Readonly<Record<Scale, readonly number[]>> = {
  quick: [20_000],
  full: [100_000, 1_000_000],
  long: [100_000, 1_000_000, 10_000_000],
};

/** The function on a table that has grown over a hundred days against one that is empty: new rows of one day, right after a checkpoint. */
export async function runTable(bench: Bench): Promise<PartResult> {
  const client = await connected(bench.postgres);
  const tables = { grown: await createTable(client, "grown"), empty: await createTable(client, "empty") };
  const figures: Figure[] = [];
  for (const rows of STEPS[bench.scale]) {
    bench.say(`a table of ${rows.toLocaleString("en")} rows`);
    await fill(client, tables.grown, rows);
    figures.push(...(await measureStep(bench, client, tables, rows)));
  }
  await client.query(`DROP TABLE ${quoteIdent(tables.grown.table.name)}`);
  await client.end();
  return { figures };
}

/** Rows as the function writes them, in the order of their days, the newest of which is that of the measured rows. */
async function fill(client: pg.Client, { table }: BenchTable, rows: number): Promise<void> {
  await client.query(`TRUNCATE ${quoteIdent(table.name)}`);
  const { rowCount } = await client.query(
    `INSERT INTO ${quoteIdent(table.name)} (${table.columns.map(quoteIdent).join(", ")})
     SELECT gen_random_uuid(), 'android', ${token("ip")}, ${token("device")}, 'DE', '2.3.0', date '2026-03-01' - day, gen_random_uuid()
     FROM generate_series(${DAYS - 1}, 0, -1) AS day, generate_series(1, $1::int) AS row`,
    [rows / DAYS],
  );
  if (rowCount !== rows) throw new WrongRows(`The table of ${rows} rows was filled with ${rowCount}.`);
  // Or the server would do it by itself, in the middle of a measurement.
  await client.query(`VACUUM ANALYZE ${quoteIdent(table.name)}`);
}

function token(what: string): string {
  return `'v1.' || encode(sha256(('${what}' || day || ' ' || row)::bytea), 'hex')`;
}

async function measureStep(
  { postgres, scale }: Bench,
  client: pg.Client,
  tables: Readonly<Record<"grown" | "empty", BenchTable>>,
  rows: number,
): Promise<Figure[]> {
  // Many, because a checkpoint is followed by many in production: each page's first change after it costs a whole page of WAL.
  const batches = scale === "quick" ? 5 : 50;
  const before = await tallyIn(client, tables.grown.table);
  const sizes = await bytesOf(client, tables.grown, rows);
  let expected = NOTHING;
  let made: Batch[] = [];
  const walBytes = { grown: [] as number[], empty: [] as number[] };
  const fns = { grown: functionOn(postgres, tables.grown.pipeline), empty: functionOn(postgres, tables.empty.pipeline) };
  const variant = (name: keyof typeof tables): Variant => {
    let start = "";
    return {
      name,
      batches,
      async before() {
        if (name === "empty") await emptyTables(client, [tables.empty]);
        await client.query("CHECKPOINT");
        start = await walPosition(client);
      },
      async run() {
        for (const { event } of made) await fns[name].invoke(event);
      },
      async after(repetition) {
        if (repetition >= 0) walBytes[name].push((await walSince(client, start)) / (batches * SIZE));
      },
    };
  };
  const arrange = async () => {
    made = newBatches(batches, SIZE);
    expected = plusAll(expected, made);
  };
  const samples = await interleave([variant("grown"), variant("empty")], { ...planFor(scale, 20, 9), arrange });
  await checkRows(client, tables.grown.table, { rows: before.rows + expected.rows, sum: before.sum + expected.sum });
  await checkRows(client, tables.empty.table, plusAll(NOTHING, made));
  await Promise.all([fns.grown.close(), fns.empty.close()]);

  const group = `table of ${rows.toLocaleString("en")} rows`;
  const empty = ratesOf(samples, "empty", SIZE);
  const speed = { part: "D", group, unit: "rows/s" } as const;
  const wal = { part: "D", group, unit: "bytes a row" } as const;
  return [
    figure(speed, "function", ratesOf(samples, "grown", SIZE), { "empty table": empty }),
    figure(speed, "function, empty table", empty),
    figure(wal, "WAL", walBytes.grown, { "empty table": walBytes.empty }),
    figure(wal, "WAL, empty table", walBytes.empty),
    figure(wal, "on disk: the table", [sizes.table]),
    figure(wal, "on disk: its key", [sizes.key]),
  ];
}

/** Of a row, in bytes. */
async function bytesOf(client: pg.Client, { table }: BenchTable, rows: number): Promise<{ table: number; key: number }> {
  const sizes = await client.query("SELECT pg_table_size($1)::float8 AS table, pg_indexes_size($1)::float8 AS key", [table.name]);
  return { table: sizes.rows[0]?.table / rows, key: sizes.rows[0]?.key / rows };
}

async function walPosition(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ position: string }>("SELECT pg_current_wal_insert_lsn()::text AS position");
  return rows[0]?.position ?? "";
}

async function walSince(client: pg.Client, position: string): Promise<number> {
  const { rows } = await client.query("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1)::float8 AS bytes", [position]);
  return rows[0]?.bytes;
}
