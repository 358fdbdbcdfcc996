import type pg from "pg";
import { bareCopy } from "../baselines/copy.ts";
import type { Bench } from "../bench.ts";
import { type Figure, figure, sums, type Values } from "../figures.ts";
import { interleave, type Variant } from "../measure.ts";
import { backendOf } from "../support/backend.ts";
import { type Batch, newBatches, plusAll } from "../support/batches.ts";
import { connected } from "../support/connect.ts";
import { checkRows, NOTHING } from "../support/expected.ts";
import { type BenchFunction, functionOn } from "../support/function.ts";
import { maskAll } from "../support/path.ts";
import { mediansOf, type Phases, type Watch } from "../support/phases.ts";
import { fewerIfQuick, planFor } from "../support/plan.ts";
import { type BenchTable, createTable, emptyTables } from "../support/table.ts";

const SIZES = [
  { size: 10, batches: 150 },
  { size: 100, batches: 50 },
  { size: 1_000, batches: 10 },
  { size: 10_000, batches: 2 },
] as const;

const QUICK: readonly number[] = [10, 1_000];
const NAMES = ["function", "COPY", "mask"] as const;

type Name = (typeof NAMES)[number];

/** Of one run's batches. */
interface Run extends Phases {
  /** Microseconds a batch of the server's process, on a processor; NaN where the system does not tell. */
  readonly server: number;
}

interface Measured {
  readonly client: pg.Client;
  readonly fn: BenchFunction;
  readonly tables: Readonly<Record<"function" | "COPY", BenchTable>>;
  readonly watch: Watch;
  /** Milliseconds that the server's process of each has computed. */
  readonly serverTime: Readonly<Record<Name, () => number>>;
}

/** On the wall: when a batch's COPY command leaves, when CopyDone leaves, when the answer is there; beside it COPY of the same rows, ready. */
export async function phasesOf({ postgres, scale, say }: Bench, watch: Watch): Promise<Figure[]> {
  const client = await connected({ ...postgres, application_name: "profile_copy" });
  const tables = { function: await createTable(client, "profile_function"), COPY: await createTable(client, "profile_copy") };
  const fn = functionOn({ ...postgres, application_name: "profile_function" }, tables.function.pipeline);
  // An empty event opens the connection.
  await fn.invoke({ Records: [] });
  const serverTime = {
    function: await backendOf(client, "profile_function"),
    COPY: await backendOf(client, "profile_copy"),
    mask: () => Number.NaN,
  };
  const figures: Figure[] = [];
  for (const { size, batches } of SIZES.filter(({ size }) => scale !== "quick" || QUICK.includes(size))) {
    say(`the phases of a batch of ${size}`);
    const runs = await measureSize(
      size,
      fewerIfQuick(scale, batches),
      { client, fn, tables, watch, serverTime },
      { ...planFor(scale, 2, 9), warmUps: 1 },
    );
    figures.push(...figuresOf(size, runs));
  }
  await Promise.all([fn.close(), client.end()]);
  return figures;
}

async function measureSize(
  size: number,
  count: number,
  { client, fn, tables, watch, serverTime }: Measured,
  plan: ReturnType<typeof planFor>,
): Promise<Record<Name, Run[]>> {
  let made: Batch[] = [];
  let expected = NOTHING;
  const runs: Record<Name, Run[]> = { function: [], COPY: [], mask: [] };
  const variant = (name: Name, work: (batch: Batch) => Promise<unknown>): Variant => {
    let phases: Phases[] = [];
    let before = 0;
    return {
      name,
      batches: count,
      async before() {
        phases = [];
        before = serverTime[name]();
      },
      async run() {
        for (const batch of made) phases.push(await watch(() => work(batch)));
      },
      async after(repetition) {
        const server = ((serverTime[name]() - before) * 1_000) / count;
        if (repetition >= 0) runs[name].push({ ...mediansOf(phases), server });
      },
    };
  };
  const variants = [
    variant("function", ({ event }) => fn.invoke(event)),
    variant("COPY", ({ copyData }) => bareCopy(client, tables.COPY.table, copyData)),
    variant("mask", async ({ event }) => maskAll(event)),
  ];
  await emptyTables(client, Object.values(tables));
  const arrange = async () => {
    made = newBatches(count, size);
    expected = plusAll(expected, made);
  };
  await interleave(variants, { ...plan, arrange });
  for (const { table } of Object.values(tables)) await checkRows(client, table, expected);
  return runs;
}

function figuresOf(size: number, runs: Readonly<Record<Name, readonly Run[]>>): Figure[] {
  const where = { part: "P", group: `batches of ${size.toLocaleString("en")}, on the wall`, unit: "µs a batch" } as const;
  const of = (name: Name, what: keyof Run): Values => runs[name].map((run) => run[what]);
  const [COPY, mask] = [of("COPY", "whole"), of("mask", "whole")];
  const server = { function: of("function", "server"), COPY: of("COPY", "server") };
  return [
    figure(where, "function", of("function", "whole"), { COPY, "mask, then COPY": sums(mask, COPY) }),
    figure(where, "- until the COPY command leaves", of("function", "untilCommand")),
    figure(where, "- from there until CopyDone leaves", of("function", "untilCopyDone")),
    figure(where, "- from there until the answer", of("function", "untilAnswer")),
    figure(where, "COPY of ready rows", COPY),
    figure(where, "- until CopyDone leaves", of("COPY", "untilCopyDone")),
    figure(where, "- from there until the answer", of("COPY", "untilAnswer")),
    figure(where, "mask alone", mask),
    ...(server.COPY.some(Number.isNaN)
      ? []
      : [
          figure(where, "Postgres's processor time, function", server.function, { COPY: server.COPY }),
          figure(where, "Postgres's processor time, COPY", server.COPY),
        ]),
  ];
}
