import pg from "pg";
import { copyReadyRows } from "../baselines/copy.ts";
import { insertRowByRow } from "../baselines/row-by-row.ts";
import { insertByUnnest } from "../baselines/unnest.ts";
import { createPlan } from "../measure.ts";
import { compare, type Figure, figure, type Values } from "../report/figures.ts";
import type { Batch } from "../support/batches.ts";
import { connect, createTable } from "../support/database.ts";
import { openFunction } from "../support/function.ts";
import { openLoad } from "../support/load.ts";
import { measureWriters, type Writer } from "../support/writers.ts";
import type { SuiteContext } from "./suite.ts";

/** So many batches per run that its first ones, which are slower, hardly count. */
const SIZES = [
  { size: 1, batches: 200, slowBatches: 100, seconds: 12 },
  { size: 10, batches: 200, slowBatches: 20, seconds: 15 },
  { size: 100, batches: 60, slowBatches: 5, seconds: 20 },
  { size: 1_000, batches: 12, slowBatches: 1, seconds: 25 },
  { size: 10_000, batches: 3, slowBatches: 1, seconds: 30 },
] as const;

/** The batches of `masqueue load`. */
const LOAD_SIZE = 1_000;

const QUICK_SIZES: readonly number[] = [10, 1_000];

/** The whole function at several sizes of a batch, against what Postgres could do at best and against the usual ways to write. */
export async function measure({ postgres, scale }: SuiteContext): Promise<Figure[]> {
  const client = await connect(postgres);
  const pool = new pg.Pool({ ...postgres, max: 1 });
  const tables = {
    function: await createTable(client, "function"),
    copy: await createTable(client, "copy"),
    unnest: await createTable(client, "unnest"),
    rowByRow: await createTable(client, "row_by_row"),
    load: await createTable(client, "load"),
    loadCsv: await createTable(client, "load_csv"),
  };
  const invoke = await openFunction(postgres, tables.function);
  const loads = {
    "masqueue load": await openLoad(postgres, tables.load, "jsonl"),
    "masqueue load, CSV": await openLoad(postgres, tables.loadCsv, "csv"),
  };
  const figures: Figure[] = [];
  for (const { size, batches, slowBatches, seconds } of SIZES) {
    if (scale === "quick" && !QUICK_SIZES.includes(size)) continue;
    console.error(`store: batches of ${size}`);
    await client.query(`TRUNCATE ${Object.values(tables).join(", ")}`);
    const writers: Readonly<Record<string, Writer>> = {
      function: { table: tables.function, write: ({ event }: Batch) => invoke(event) },
      COPY: { table: tables.copy, write: ({ copyData }: Batch) => copyReadyRows(client, tables.copy, copyData) },
      unnest: { table: tables.unnest, write: ({ event }: Batch) => insertByUnnest(client, tables.unnest, event) },
      "row by row": {
        table: tables.rowByRow,
        batches: slowBatches,
        write: ({ event }: Batch) => insertRowByRow(pool, tables.rowByRow, event),
      },
      ...(size === LOAD_SIZE && loads),
    };
    // A warm-up of ten thousand single INSERTs would take longer than all else; the smaller sizes have warmed everything up.
    const warmUps = size >= 10_000 ? { warmUps: 0 } : {};
    const rates = Object.entries(await measureWriters(client, writers, { ...createPlan(scale, seconds), ...warmUps, size, batches }));
    const [[, ofFunction = []] = [], ...others] = rates;
    const isLoad = ([name]: [string, Values]) => Object.hasOwn(loads, name);
    const group = { group: `batches of ${size.toLocaleString("en")}`, unit: "rows/s" } as const;
    figures.push(...compare(group, ofFunction, Object.fromEntries(others.filter((rate) => !isLoad(rate)))));
    figures.push(...others.filter(isLoad).map(([name, values]) => figure(group, name, values, { function: ofFunction })));
  }
  return figures;
}
