import { randomUUID } from "node:crypto";
import type pg from "pg";
import { interleave, type Plan, toRates, type Variant } from "../measure.ts";
import type { Values } from "../report/figures.ts";
import { addBatches, type Batch, makeBatches } from "./batches.ts";
import { type Checksum, checkTable, EMPTY, readChecksum } from "./checksum.ts";

/** Something that takes batches and writes their rows to its own table. */
export interface Writer extends Pick<Variant, "after"> {
  readonly table: string;
  /** Whether the table is emptied before each run. @default false */
  readonly startsEmpty?: boolean;
  /** Batches per run; a slow writer takes fewer. @default those of the plan */
  readonly batches?: number;
  /** Not timed. @param name of a file with these batches, whose lines have the ids of the messages */
  before?(batches: readonly Batch[], name: string): Promise<void>;
  /** Timed. */
  write?(batch: Batch): Promise<unknown>;
  /** Timed. @default all batches of a run, one by one */
  writeAll?(batches: readonly Batch[], name: string): Promise<unknown>;
}

interface WriterPlan extends Plan {
  /** Rows per batch. */
  readonly size: number;
  /** Batches per run. */
  readonly batches: number;
}

/**
 * Interleaves writers, which all get the same new batches at each repetition, and then checks their tables.
 * @returns rows per second of each writer
 * @throws WrongRows
 */
export async function measureWriters<Name extends string>(
  client: pg.Client,
  writers: Readonly<Record<Name, Writer>>,
  { size, ...plan }: WriterPlan,
): Promise<Record<Name, Values>> {
  let [made, file]: [Batch[], string] = [[], ""];
  const expected = new Map<string, Checksum>();
  const names = Object.keys(writers) as Name[];
  const variants = names.map((name): Variant => {
    const { table, startsEmpty, batches = plan.batches, write, writeAll, before, after } = writers[name];
    return {
      name,
      batches,
      async before() {
        const previous = expected.get(table);
        if (startsEmpty && previous) await checkTable(client, table, previous);
        if (startsEmpty) await client.query(`TRUNCATE ${table}`);
        if (startsEmpty || !expected.has(table)) expected.set(table, await readChecksum(client, table));
        await before?.(made.slice(0, batches), file);
      },
      async run() {
        await writeAll?.(made.slice(0, batches), file);
        if (write) for (const batch of made.slice(0, batches)) await write(batch);
      },
      async after(repetition) {
        expected.set(table, addBatches(expected.get(table) ?? EMPTY, made.slice(0, batches)));
        await after?.(repetition);
      },
    };
  });
  const arrange = async () => {
    file = randomUUID();
    made = makeBatches(plan.batches, size, file);
  };
  const samples = await interleave(variants, { ...plan, arrange });
  for (const [table, checksum] of expected) await checkTable(client, table, checksum);
  const rates: Partial<Record<Name, Values>> = {};
  for (const name of names) rates[name] = toRates(samples, name, size);
  return rates as Record<Name, Values>;
}
