import type pg from "pg";
import { bareCopy } from "../baselines/copy.ts";
import type { Bench } from "../bench.ts";
import { type Figure, figure, type Values } from "../figures.ts";
import { interleave, type Samples, samplesOf, type Variant } from "../measure.ts";
import { type Batch, newBatches, plusAll } from "../support/batches.ts";
import { connected } from "../support/connect.ts";
import { checkRows, NOTHING } from "../support/expected.ts";
import { fewerIfQuick, planFor } from "../support/plan.ts";
import { type BenchTable, createTable } from "../support/table.ts";

const SIZE = 10;
const BATCHES = 150;

/** How long Postgres is busy with a small batch apart from its rows: the way there and back, and the flush of the WAL. */
export async function waitsOf({ postgres, scale, say }: Bench): Promise<Figure[]> {
  say(`the server's waits in a batch of ${SIZE}`);
  const flushing = await connected(postgres);
  const lazy = await connected({ ...postgres, options: "-c synchronous_commit=off" });
  await flushing.query("SET track_wal_io_timing = on");
  const tables = { flushing: await createTable(flushing, "profile_flushing"), lazy: await createTable(flushing, "profile_lazy") };
  const count = fewerIfQuick(scale, BATCHES);
  let made: Batch[] = [];
  let expected = NOTHING;
  const wal: number[] = [];
  let before = 0;
  const copies = (name: string, client: pg.Client, { table }: BenchTable): Variant => ({
    name,
    batches: count,
    async run() {
      for (const { copyData } of made) await bareCopy(client, table, copyData);
    },
  });
  const variants: Variant[] = [
    {
      ...copies("flushing", flushing, tables.flushing),
      async before() {
        before = await walTime(flushing);
      },
      async after(repetition) {
        const milliseconds = (await walTime(flushing)) - before;
        if (repetition >= 0) wal.push((milliseconds * 1_000) / count);
      },
    },
    copies("lazy", lazy, tables.lazy),
    {
      name: "question",
      batches: count,
      async run() {
        for (let i = 0; i < count; i++) await flushing.query("");
      },
    },
  ];
  const arrange = async () => {
    made = newBatches(count, SIZE);
    expected = plusAll(expected, made);
  };
  const samples = await interleave(variants, { ...planFor(scale, 2, 11), warmUps: 1, arrange });
  for (const { table } of Object.values(tables)) await checkRows(flushing, table, expected);
  await Promise.all([flushing.end(), lazy.end()]);
  return figuresOf(samples, wal);
}

/** Milliseconds that the connection's process has spent in writing and flushing WAL. */
async function walTime(client: pg.Client): Promise<number> {
  await client.query("SELECT pg_stat_force_next_flush()");
  const { rows } = await client.query(
    `SELECT coalesce(sum(coalesce(write_time, 0) + coalesce(fsync_time, 0)), 0)::float8 AS ms
     FROM pg_stat_get_backend_io(pg_backend_pid()) WHERE object = 'wal'`,
  );
  return rows[0]?.ms;
}

function figuresOf(samples: Samples, wal: Values): Figure[] {
  const where = { part: "P", group: `batches of ${SIZE}, the server's waits`, unit: "µs a batch" } as const;
  const times = (name: string) => samplesOf(samples, name).map(({ ms }) => ms * 1_000);
  const [flushing, lazy] = [times("flushing"), times("lazy")];
  return [
    figure(where, "COPY of ready rows", flushing),
    figure(where, "COPY, committed without a flush", lazy, { "with it": flushing }),
    figure(where, "WAL written and flushed, by Postgres's clock", wal),
    figure(where, "an empty question: there and back", times("question")),
  ];
}
