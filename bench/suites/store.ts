import pg from "pg";
import { bareCopy } from "../baselines/copy.ts";
import { pathWith } from "../baselines/path.ts";
import { rowByRow } from "../baselines/row-by-row.ts";
import { unnest } from "../baselines/unnest.ts";
import type { Bench, PartResult } from "../bench.ts";
import { type Figure, figure, slower } from "../figures.ts";
import { interleave, ratesOf, type Samples, samplesOf, type Variant } from "../measure.ts";
import { type Batch, newBatches, plusAll } from "../support/batches.ts";
import { connected } from "../support/connect.ts";
import { checkRows, NOTHING } from "../support/expected.ts";
import { type BenchFunction, functionOn } from "../support/function.ts";
import { maskAll } from "../support/path.ts";
import { planFor } from "../support/plan.ts";
import { type BenchTable, createTable, emptyTables } from "../support/table.ts";

/** Batches in a run, by their size: so many that its first ones, which are slower, hardly count. */
const SIZES = [
  { size: 1, batches: 200, slowBatches: 100, seconds: 12 },
  { size: 10, batches: 200, slowBatches: 20, seconds: 15 },
  { size: 100, batches: 60, slowBatches: 5, seconds: 20 },
  { size: 1_000, batches: 12, slowBatches: 1, seconds: 25 },
  { size: 10_000, batches: 3, slowBatches: 1, seconds: 30 },
] as const;

type Size = (typeof SIZES)[number];

const QUICK: readonly number[] = [10, 1_000];

const WRITERS = ["function", "COPY", "unnest", "row by row"] as const;

/** Everything that writes, each to a table of its own. */
interface Writers {
  readonly client: pg.Client;
  readonly pool: pg.Pool;
  readonly fn: BenchFunction;
  readonly tables: Readonly<Record<(typeof WRITERS)[number], BenchTable>>;
}

/** Part A: the function's whole path, at several sizes of a batch, against what it could be at best and what else people write. */
export async function runStore({ postgres, scale, say }: Bench): Promise<PartResult> {
  const client = await connected(postgres);
  const tables = {
    function: await createTable(client, "function"),
    COPY: await createTable(client, "copy"),
    unnest: await createTable(client, "unnest"),
    "row by row": await createTable(client, "row_by_row"),
  };
  const fn = functionOn(postgres, tables.function.pipeline);
  const pool = new pg.Pool({ ...postgres, max: 1 });
  const figures: Figure[] = [];
  for (const size of SIZES.filter(({ size }) => scale !== "quick" || QUICK.includes(size))) {
    say(`batches of ${size.size}`);
    figures.push(...figuresOf(size.size, await measureSize(size, { client, pool, fn, tables }, planFor(scale, size.seconds))));
  }
  await Promise.all([fn.close(), pool.end(), client.end()]);
  return { figures };
}

async function measureSize(
  { size, batches, slowBatches }: Size,
  { client, pool, fn, tables }: Writers,
  plan: ReturnType<typeof planFor>,
): Promise<Samples> {
  let made: Batch[] = [];
  const expected = { function: NOTHING, COPY: NOTHING, unnest: NOTHING, "row by row": NOTHING };
  const writer = (name: keyof typeof expected, count: number, write: (batch: Batch) => Promise<unknown>): Variant => ({
    name,
    batches: count,
    async run() {
      for (const batch of made.slice(0, count)) await write(batch);
      expected[name] = plusAll(expected[name], made.slice(0, count));
    },
  });
  const unnestPath = pathWith(unnest(client, tables.unnest.table));
  const variants: Variant[] = [
    writer("function", batches, ({ event }) => fn.invoke(event)),
    writer("COPY", batches, ({ copyData }) => bareCopy(client, tables.COPY.table, copyData)),
    writer("unnest", batches, ({ event }) => unnestPath(event)),
    writer("row by row", slowBatches, ({ event }) => rowByRow(pool, tables["row by row"].table, event)),
    {
      name: "mask",
      batches,
      async run() {
        for (const { event } of made) maskAll(event);
      },
    },
  ];
  await emptyTables(client, Object.values(tables));
  const arrange = async () => {
    made = newBatches(batches, size);
  };
  // A row-by-row warm-up of ten thousand rows would take longer than all else; the sizes before have warmed everything up.
  const samples = await interleave(variants, { ...plan, ...(size >= 10_000 && { warmUps: 0 }), arrange });
  for (const name of WRITERS) await checkRows(client, tables[name].table, expected[name]);
  return samples;
}

function figuresOf(size: number, samples: Samples): Figure[] {
  const where = { part: "A", group: `batches of ${size.toLocaleString("en")}` } as const;
  const rates = (name: string) => ratesOf(samples, name, size);
  const [COPY, mask, arrays, slow] = [rates("COPY"), rates("mask"), rates("unnest"), rates("row by row")];
  const limit = slower(COPY, mask);
  const perSecond = { ...where, unit: "rows/s" } as const;
  const inMs = { ...where, unit: "ms" } as const;
  return [
    figure(perSecond, "function", rates("function"), { limit, COPY, unnest: arrays, "row by row": slow }),
    figure(perSecond, "limit (the slower of COPY and mask)", limit),
    figure(perSecond, "COPY of ready rows", COPY),
    figure(perSecond, "mask alone", mask),
    figure(perSecond, "unnest", arrays),
    figure(perSecond, "row by row", slow),
    figure(
      inMs,
      "function, a batch",
      samplesOf(samples, "function").map(({ ms }) => ms),
    ),
    figure(
      inMs,
      "function, its processor time a batch",
      samplesOf(samples, "function").map(({ cpuMs }) => cpuMs),
    ),
  ];
}
