import type pg from "pg";
import { interleave, type Plan, type Samples, type Variant } from "../measure.ts";
import { addBatches, type Batch, makeBatches } from "./batches.ts";
import { type Checksum, checkTable, EMPTY, readChecksum } from "./checksum.ts";

/** Something that takes batches and writes their rows to its own table. */
export interface Writer extends Pick<Variant, "name" | "before"> {
  /** @default none: it writes nothing */
  readonly table?: string;
  /** Whether the table is emptied before each run. @default false */
  readonly startsEmpty?: boolean;
  /** Batches per run. @default those of the plan */
  readonly batches?: number;
  /** Timed. */
  write(batch: Batch): unknown;
}

export interface WriterPlan extends Plan {
  /** Rows per batch. */
  readonly size: number;
  /** Batches per run. */
  readonly batches: number;
}

/** Interleaves writers, which all get the same new batches at each repetition, and then checks their tables. @throws WrongRows */
export async function measureWriters(client: pg.Client, writers: readonly Writer[], { size, ...plan }: WriterPlan): Promise<Samples> {
  let batches: Batch[] = [];
  const expected = new Map<string, Checksum>();
  for (const { table } of writers) if (table) expected.set(table, await readChecksum(client, table));
  const variants = writers.map(({ name, table, startsEmpty, batches: count = plan.batches, write, before }): Variant => {
    return {
      name,
      batches: count,
      async before() {
        if (table && startsEmpty) {
          await client.query(`TRUNCATE ${table}`);
          expected.set(table, EMPTY);
        }
        await before?.();
      },
      async run() {
        for (const batch of batches.slice(0, count)) await write(batch);
      },
      async after() {
        if (table) expected.set(table, addBatches(expected.get(table) ?? EMPTY, batches.slice(0, count)));
      },
    };
  });
  const arrange = async () => {
    batches = makeBatches(plan.batches, size);
  };
  const samples = await interleave(variants, { ...plan, arrange });
  for (const [table, checksum] of expected) await checkTable(client, table, checksum);
  return samples;
}
