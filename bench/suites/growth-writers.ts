import type { Bench, PartResult } from "../bench.ts";
import { type Figure, figure } from "../figures.ts";
import { interleave, ratesOf, type Samples, type Variant } from "../measure.ts";
import { type Child, startChild } from "../support/children.ts";
import { connected } from "../support/connect.ts";
import { type Checksum, checkRows, NOTHING, plus } from "../support/expected.ts";
import { planFor } from "../support/plan.ts";
import { createTable } from "../support/table.ts";
import type { MadeBatches, WriterOrder } from "../support/writer-process.ts";

const SIZE = 1_000;
const COUNTS = { quick: [1, 4], full: [1, 2, 4, 8], long: [1, 2, 4, 8] } as const;
const KINDS = ["function", "COPY"] as const;

type Kind = (typeof KINDS)[number];

/** Several writers at once, each with a process and a connection of its own: the function's, and COPY of ready rows. */
export async function runWriters({ postgres, scale, say }: Bench): Promise<PartResult> {
  const counts: readonly number[] = COUNTS[scale];
  const batches = scale === "quick" ? 4 : 15;
  say(`${counts.join(", ")} writers`);
  const client = await connected(postgres);
  const tables = {
    function: (await createTable(client, "writers_function")).table,
    COPY: (await createTable(client, "writers_copy")).table,
  };
  const names = { function: tables.function.name, COPY: tables.COPY.name };
  const writers = Array.from({ length: Math.max(...counts) }, () => startChild("support/writer-process.ts"));
  await all(writers, { do: "connect", postgres, tables: names });

  const expected: Record<Kind, Checksum> = { function: NOTHING, COPY: NOTHING };
  const variant = (kind: Kind, count: number): Variant => ({
    name: nameOf(kind, count),
    batches: batches * count,
    async before() {
      const made = await all<MadeBatches>(writers.slice(0, count), { do: "make", batches, size: SIZE });
      for (const { rows, sum } of made) expected[kind] = plus(expected[kind], { rows, sum: BigInt(sum) });
    },
    async run() {
      await all(writers.slice(0, count), { do: "write", by: kind });
    },
  });
  const variants = counts.flatMap((count) => KINDS.map((kind) => variant(kind, count)));
  const samples = await interleave(variants, { ...planFor(scale, 40, 9), warmUps: 1 });
  for (const kind of KINDS) await checkRows(client, tables[kind], expected[kind]);
  for (const writer of writers) writer.stop();
  await client.end();
  return { figures: counts.flatMap((count) => figuresOf(samples, count)) };
}

function nameOf(kind: Kind, count: number): string {
  return `${kind} ${count}`;
}

/** Gives all of them the same order, and waits until all have done it. */
async function all<T extends object>(writers: readonly Child[], order: WriterOrder): Promise<T[]> {
  for (const writer of writers) writer.send(order);
  return Promise.all(writers.map((writer) => writer.next<T>()));
}

function figuresOf(samples: Samples, count: number): Figure[] {
  const where = { part: "D", group: `writers: ${count}`, unit: "rows/s" } as const;
  const rates = (kind: Kind, writers = count) => ratesOf(samples, nameOf(kind, writers), SIZE);
  const alone = { function: rates("function", 1), COPY: rates("COPY", 1) };
  // What the function would reach if more writers gained it as much as they gain COPY.
  const asCopyScales = rates("COPY").map((rate, i) => (rate / (alone.COPY[i] as number)) * (alone.function[i] as number));
  const isAlone = count === 1;
  return [
    figure(where, "function", rates("function"), isAlone ? {} : { "1 writer": alone.function, "as COPY scales": asCopyScales }),
    figure(where, "COPY of ready rows", rates("COPY"), isAlone ? {} : { "1 writer": alone.COPY }),
  ];
}
