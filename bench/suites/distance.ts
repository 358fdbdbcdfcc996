import { pathWith } from "../baselines/path.ts";
import { copyStreams } from "../baselines/pg-copy-streams.ts";
import { unnest } from "../baselines/unnest.ts";
import type { Bench, PartResult } from "../bench.ts";
import { type Figure, faster, figure } from "../figures.ts";
import { interleave, ratesOf, type Samples, type Variant } from "../measure.ts";
import { type Batch, newBatches, plusAll } from "../support/batches.ts";
import { connected } from "../support/connect.ts";
import { type Distance, openDistance } from "../support/distance.ts";
import { checkRows, NOTHING } from "../support/expected.ts";
import { functionOn } from "../support/function.ts";
import { planFor } from "../support/plan.ts";
import { createTable, emptyTables } from "../support/table.ts";

const SIZES = [
  { size: 10, batches: 50 },
  { size: 100, batches: 20 },
  { size: 1_000, batches: 10 },
] as const;

/** Milliseconds that are added to a round trip: within an availability zone, and between two. */
const ADDED = [1, 2] as const;

/** Part R: the function and its rivals as far from the database as they are in production. */
export async function runDistance(bench: Bench): Promise<PartResult> {
  const distance = await openDistance(bench.postgres);
  const figures: Figure[] = [];
  const notes: string[] = [];
  for (const added of ADDED.filter((added) => bench.scale !== "quick" || added === 2)) {
    const measured = await distance.add(added);
    notes.push(`The proxy set to ${added} ms added ${measured.toFixed(2)} ms to a round trip.`);
    for (const { size, batches } of SIZES) {
      bench.say(`${added} ms, batches of ${size}`);
      figures.push(...figuresOf(added, size, await measureSize(bench, distance, size, batches)));
    }
  }
  distance.close();
  return { figures, notes };
}

async function measureSize({ postgres, scale }: Bench, distance: Distance, size: number, batches: number): Promise<Samples> {
  const [near, far] = [await connected(postgres), await connected(distance.config)];
  const tables = {
    function: await createTable(near, "far_function"),
    "pg-copy-streams": await createTable(near, "far_copy"),
    unnest: await createTable(near, "far_unnest"),
  };
  await emptyTables(near, Object.values(tables));
  const fn = functionOn(distance.config, tables.function.pipeline);
  let made: Batch[] = [];
  let expected = NOTHING;
  const variant = (name: string, write: (batch: Batch) => Promise<unknown>): Variant => ({
    name,
    batches,
    async run() {
      for (const batch of made) await write(batch);
    },
  });
  const copyStreamsPath = pathWith(copyStreams(far, tables["pg-copy-streams"].table));
  const unnestPath = pathWith(unnest(far, tables.unnest.table));
  const variants = [
    variant("function", ({ event }) => fn.invoke(event)),
    variant("pg-copy-streams", ({ event }) => copyStreamsPath(event)),
    variant("unnest", ({ event }) => unnestPath(event)),
  ];
  const arrange = async () => {
    made = newBatches(batches, size);
    expected = plusAll(expected, made);
  };
  const samples = await interleave(variants, { ...planFor(scale, 6), arrange });
  for (const { table } of Object.values(tables)) await checkRows(near, table, expected);
  await fn.close();
  await Promise.all([near.end(), far.end()]);
  return samples;
}

function figuresOf(added: number, size: number, samples: Samples): Figure[] {
  const where = { part: "R", group: `${added} ms, batches of ${size.toLocaleString("en")}`, unit: "rows/s" } as const;
  const [streams, arrays] = [ratesOf(samples, "pg-copy-streams", size), ratesOf(samples, "unnest", size)];
  return [
    figure(where, "function", ratesOf(samples, "function", size), {
      "the faster of the two": faster(streams, arrays),
      "pg-copy-streams": streams,
      unnest: arrays,
    }),
    figure(where, "COPY through pg-copy-streams", streams),
    figure(where, "unnest", arrays),
  ];
}
