import { setTimeout as wait } from "node:timers/promises";
import { bareCopy } from "../baselines/copy.ts";
import type { Bench } from "../bench.ts";
import { type Figure, figure } from "../figures.ts";
import { interleave, type Variant } from "../measure.ts";
import { type Batch, newBatches, plusAll } from "../support/batches.ts";
import { connected } from "../support/connect.ts";
import { checkRows, NOTHING } from "../support/expected.ts";
import { mediansOf, type Phases, type Watch } from "../support/phases.ts";
import { fewerIfQuick, planFor } from "../support/plan.ts";
import { createTable } from "../support/table.ts";

const SIZES = [100, 200, 400, 1_000] as const;
const QUICK: readonly number[] = [200, 1_000];
const BATCHES = 10;

/** Milliseconds for which Postgres has the rows without their end: enough for all that it is willing to do. */
const EARLY = 15;

/**
 * What Postgres leaves until CopyDone: rows that it has had for a while, against rows that come with it. It inserts them by the buffer
 * (MAX_BUFFERED_TUPLES and MAX_BUFFERED_BYTES, 1,000 rows or 64 kB, in copyfrom.c), so the fewer there are the more is left.
 * https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/copyfrom.c
 */
export async function bufferOf(bench: Bench, watch: Watch): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of SIZES.filter((size) => bench.scale !== "quick" || QUICK.includes(size))) {
    bench.say(`what is left of ${size} rows at CopyDone`);
    figures.push(...(await measureSize(bench, size, watch)));
  }
  return figures;
}

async function measureSize({ postgres, scale }: Bench, size: number, watch: Watch): Promise<Figure[]> {
  const client = await connected(postgres);
  const { table } = await createTable(client, "profile_buffer");
  const count = fewerIfQuick(scale, BATCHES);
  let made: Batch[] = [];
  let expected = NOTHING;
  const left = { early: [] as number[], together: [] as number[] };
  const variant = (name: keyof typeof left, beforeDone?: () => Promise<void>): Variant => {
    let phases: Phases[] = [];
    let batches: readonly Batch[] = [];
    return {
      name,
      batches: count,
      async before() {
        phases = [];
        batches = made.splice(0, count);
      },
      async run() {
        for (const { copyData } of batches) phases.push(await watch(() => bareCopy(client, table, copyData, beforeDone)));
      },
      async after(repetition) {
        if (repetition >= 0) left[name].push(mediansOf(phases).untilAnswer);
      },
    };
  };
  const arrange = async () => {
    made = newBatches(2 * count, size);
    expected = plusAll(expected, made);
  };
  await interleave([variant("early", () => wait(EARLY)), variant("together")], { ...planFor(scale, 1.5, 7), warmUps: 1, arrange });
  await checkRows(client, table, expected);
  await client.end();
  const where = { part: "P", group: "from CopyDone to the answer", unit: "µs a batch" } as const;
  return [
    figure(where, `${size.toLocaleString("en")} rows, there ${EARLY} ms before`, left.early, { "together with it": left.together }),
    figure(where, `${size.toLocaleString("en")} rows, together with it`, left.together),
  ];
}
