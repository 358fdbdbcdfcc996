import { createPlan, interleave, type Samples, toRates, type Variant } from "../measure.ts";
import { type Figure, figure } from "../report/figures.ts";
import { addChecksums, type Checksum, checkTable, EMPTY } from "../support/checksum.ts";
import { type Child, startChild } from "../support/child.ts";
import { connect, createTable } from "../support/database.ts";
import type { WriterOrder } from "../support/writer-process.ts";
import type { SuiteContext } from "./suite.ts";

const SIZE = 1_000;
const COUNTS = { quick: [1, 4], full: [1, 2, 4, 8], long: [1, 2, 4, 8] } as const;
const KINDS = ["function", "COPY"] as const;

/** Several writers at once, each with its own process and connection: the function's, and those of ready rows by COPY. */
export async function measureParallelWriters({ postgres, scale }: SuiteContext): Promise<Figure[]> {
  const counts: readonly number[] = COUNTS[scale];
  const batches = scale === "quick" ? 4 : 15;
  console.error(`growth: ${counts.join(", ")} writers`);
  const client = await connect(postgres);
  const tables = { function: await createTable(client, "writers_function"), COPY: await createTable(client, "writers_copy") };
  const writers = Array.from({ length: Math.max(...counts) }, () => startChild("support/writer-process.ts"));
  await askAll(writers, { task: "connect", postgres, tables });

  const expected = { function: EMPTY, COPY: EMPTY };
  const toVariant = (kind: (typeof KINDS)[number], count: number): Variant => ({
    name: `${kind} ${count}`,
    batches: batches * count,
    async before() {
      const checksums = await askAll<Checksum>(writers.slice(0, count), { task: "make", batches, size: SIZE });
      expected[kind] = checksums.reduce(addChecksums, expected[kind]);
    },
    async run() {
      await askAll(writers.slice(0, count), { task: "write", by: kind });
    },
  });
  const variants = counts.flatMap((count) => KINDS.map((kind) => toVariant(kind, count)));
  const samples = await interleave(variants, { ...createPlan(scale, 40, 9), warmUps: 1 });
  for (const kind of KINDS) await checkTable(client, tables[kind], expected[kind]);
  for (const writer of writers) writer.stop();
  return counts.flatMap((count) => toFigures(samples, count));
}

/** Gives all writers the same order, and waits for all. */
function askAll<Answer extends object>(writers: readonly Child[], order: WriterOrder): Promise<Answer[]> {
  return Promise.all(writers.map((writer) => writer.ask<Answer>(order)));
}

function toFigures(samples: Samples, count: number): Figure[] {
  const group = { group: `writers: ${count}`, unit: "rows/s" } as const;
  const [rates, copyRates] = [toRates(samples, `function ${count}`, SIZE), toRates(samples, `COPY ${count}`, SIZE)];
  if (count === 1) return [figure(group, "function", rates), figure(group, "COPY", copyRates)];
  const [alone, copyAlone] = [toRates(samples, "function 1", SIZE), toRates(samples, "COPY 1", SIZE)];
  // The function's rate if more writers helped it as much as they help COPY.
  const asCopyScales = copyRates.map((rate, i) => (rate / (copyAlone[i] as number)) * (alone[i] as number));
  return [
    figure(group, "function", rates, { "1 writer": alone, "as COPY scales": asCopyScales }),
    figure(group, "COPY", copyRates, { "1 writer": copyAlone }),
  ];
}
