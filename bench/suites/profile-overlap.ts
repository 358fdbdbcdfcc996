import { bareCopy } from "../baselines/copy.ts";
import type { Bench } from "../bench.ts";
import { type Figure, figure, slower, type Values } from "../figures.ts";
import { interleave, ratesOf, type Samples, type Variant } from "../measure.ts";
import { type Batch, newBatches, plusAll } from "../support/batches.ts";
import { startChild } from "../support/children.ts";
import { connected } from "../support/connect.ts";
import { checkRows, NOTHING } from "../support/expected.ts";
import { functionOn } from "../support/function.ts";
import type { Masked, MaskOrder } from "../support/mask-process.ts";
import { fewerIfQuick, planFor } from "../support/plan.ts";
import { type BenchTable, createTable } from "../support/table.ts";

const SIZE = 1_000;
const BATCHES = 15;
/** Milliseconds for which it masks alone: about as long as COPY takes for its batches. */
const ALONE = 150;

/** Masking and COPY at the same time, in two processes that know nothing of each other: how much each slows the other on this machine. */
export async function overlapOf({ postgres, scale, say }: Bench): Promise<Figure[]> {
  say("masking and COPY beside each other");
  const client = await connected(postgres);
  const names = ["alone", "beside", "function"] as const;
  const tables = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await createTable(client, `profile_${name}`)])),
  ) as Record<(typeof names)[number], BenchTable>;
  const fn = functionOn(postgres, tables.function.pipeline);
  const child = startChild("support/mask-process.ts");
  const masker = async <T extends object>(order: MaskOrder): Promise<T> => {
    child.send(order);
    return child.next<T>();
  };
  const count = fewerIfQuick(scale, BATCHES);
  await masker({ make: count, size: SIZE });

  let made: Batch[] = [];
  let expected = NOTHING;
  const masked = { alone: [] as number[], beside: [] as number[] };
  const writes = (name: string, write: (batch: Batch) => Promise<unknown>): Variant => ({
    name,
    batches: count,
    async run() {
      for (const batch of made) await write(batch);
    },
  });
  const masking = (name: keyof typeof masked, run: () => Promise<void>): Variant => ({
    name: `mask ${name}`,
    batches: count,
    before: async () => void (await masker({ mask: "begin" })),
    run,
    async after(repetition) {
      const { rows, ms } = await masker<Masked>({ mask: "end" });
      if (repetition >= 0) masked[name].push((rows * 1_000) / ms);
    },
  });
  const copyTo = (table: BenchTable) => writes("COPY", ({ copyData }) => bareCopy(client, table.table, copyData));
  const variants = [
    copyTo(tables.alone),
    masking("beside", copyTo(tables.beside).run),
    masking("alone", () => new Promise((resolve) => setTimeout(resolve, fewerIfQuick(scale, ALONE)))),
    writes("function", ({ event }) => fn.invoke(event)),
  ];
  const arrange = async () => {
    made = newBatches(count, SIZE);
    expected = plusAll(expected, made);
  };
  const samples = await interleave(variants, { ...planFor(scale, 3, 7), warmUps: 1, arrange });
  for (const { table } of Object.values(tables)) await checkRows(client, table, expected);
  child.stop();
  await Promise.all([fn.close(), client.end()]);
  return figuresOf(samples, masked);
}

/** @param masked rows a second at each repetition */
function figuresOf(samples: Samples, masked: Readonly<Record<"alone" | "beside", Values>>): Figure[] {
  const rates = (name: string) => ratesOf(samples, name, SIZE);
  const where = { part: "P", group: `batches of ${SIZE.toLocaleString("en")}, two at a time`, unit: "rows/s" } as const;
  const limits = { alone: slower(rates("COPY"), masked.alone), beside: slower(rates("mask beside"), masked.beside) };
  return [
    figure(where, "function", rates("function"), { "limit, each alone": limits.alone, "limit, beside each other": limits.beside }),
    figure(where, "limit, beside each other", limits.beside, { "each alone": limits.alone }),
    figure(where, "COPY of ready rows, alone", rates("COPY")),
    figure(where, "COPY, while another process masks", rates("mask beside"), { alone: rates("COPY") }),
    figure(where, "mask, alone", masked.alone),
    figure(where, "mask, while COPY goes on", masked.beside, { alone: masked.alone }),
  ];
}
