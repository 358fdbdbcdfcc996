import { randomUUID } from "node:crypto";
import type { SQSRecord } from "aws-lambda";
import type pg from "pg";
import { quoteIdent, type Table } from "../../lambda/postgres/table.ts";
import { bareCopy } from "../baselines/copy.ts";
import type { Bench, PartResult } from "../bench.ts";
import { figure } from "../figures.ts";
import { interleave, ratesOf, type Variant } from "../measure.ts";
import { type Batch, batchOf, newRecords } from "../support/batches.ts";
import { connected } from "../support/connect.ts";
import { type Checksum, checkRows, NOTHING, plus } from "../support/expected.ts";
import { type BenchFunction, functionOn } from "../support/function.ts";
import { loginBody, loginRecord } from "../support/logins.ts";
import { planFor } from "../support/plan.ts";
import { createTable } from "../support/table.ts";

const SIZE = 1_000;
const COUNTS = [1, 10, 100] as const;

/** A value that the table's own constraint, which the pipeline does not know, refuses. */
const REFUSED = "refused";

/** What is wrong with some messages of a batch, and how many of them fail for it. */
interface Kind {
  readonly name: string;
  readonly fails: boolean;
  make(): SQSRecord;
  /** Whether rows of these messages stand in the table before. */
  readonly stored?: true;
}

const KINDS: readonly Kind[] = [
  { name: "rejected at parse", fails: true, make: () => loginRecord('{"user_id": "cut off') },
  { name: "refused by the database", fails: true, make: () => loginRecord(loginBody({ user_id: REFUSED })) },
  { name: "duplicates", fails: false, make: () => loginRecord(), stored: true },
  // SQS says so: the function leaves COPY out at once.
  { name: "delivered again", fails: false, make: () => loginRecord(loginBody(), randomUUID(), 2), stored: true },
];

/** A batch with the rows that must be there before it and those that are there afterwards. */
interface MixedBatch {
  readonly event: Batch["event"];
  readonly before: Batch;
  readonly after: Checksum;
  readonly failures: number;
}

/** Part C: batches in which some messages are not as they should be. */
export async function runMixed({ postgres, scale, say }: Bench): Promise<PartResult> {
  say(`batches of ${SIZE}, some messages of which are rejected, refused or there already`);
  const client = await connected(postgres);
  const { table, pipeline } = await createTable(client, "mixed");
  await client.query(`ALTER TABLE ${quoteIdent(table.name)} ADD CONSTRAINT not_refused CHECK (user_id <> '${REFUSED}')`);
  const fn = functionOn(postgres, pipeline);
  const cases = [{ name: "none", make: () => mixedBatch() }, ...KINDS.flatMap((kind) => COUNTS.map((count) => oneOf(kind, count)))];
  const expected = { tally: NOTHING };
  const batches = new Map<string, MixedBatch>();
  const arrange = async () => {
    for (const { name, make } of cases) batches.set(name, await laid(client, table, make(), expected));
  };
  const variants = cases.map(({ name }) => variantOf(name, fn, () => batches.get(name) as MixedBatch));
  const samples = await interleave(variants, { ...planFor(scale, 35, 11), arrange });
  await checkRows(client, table, expected.tally);
  await fn.close();
  await client.end();

  const none = ratesOf(samples, "none", SIZE);
  const inGroup = (group: string) => ({ part: "C", group, unit: "rows/s" }) as const;
  const rows = KINDS.flatMap((kind) =>
    COUNTS.map((count) => figure(inGroup(kind.name), `${count} in 1,000`, ratesOf(samples, nameOf(kind, count), SIZE), { none })),
  );
  return { figures: [figure(inGroup("none"), "none", none), ...rows] };
}

function nameOf(kind: Kind, count: number): string {
  return `${kind.name} ${count}`;
}

function oneOf(kind: Kind, count: number) {
  return { name: nameOf(kind, count), make: () => mixedBatch(kind, count) };
}

/** The odd messages lie evenly among the others, as they would. */
function mixedBatch(kind?: Kind, count = 0): MixedBatch {
  const odd = kind ? Array.from({ length: count }, () => kind.make()) : [];
  const good = newRecords(SIZE - count);
  const every = count > 0 ? SIZE / count : SIZE;
  const Records = odd.flatMap((record, i) => [record, ...good.slice(i * (every - 1), (i + 1) * (every - 1))]);
  const before = batchOf(kind?.stored ? odd : []);
  const event = { Records: count > 0 ? Records : good };
  return { event, before, after: batchOf(kind?.stored ? [...odd, ...good] : good).tally, failures: kind?.fails ? count : 0 };
}

/** Puts into the table what must be there before. */
async function laid(client: pg.Client, table: Table, batch: MixedBatch, expected: { tally: Checksum }): Promise<MixedBatch> {
  if (batch.before.rows.length > 0) await bareCopy(client, table, batch.before.copyData);
  expected.tally = plus(expected.tally, batch.after);
  return batch;
}

function variantOf(name: string, fn: BenchFunction, batch: () => MixedBatch): Variant {
  return { name, batches: 1, run: () => fn.invoke(batch().event, batch().failures) };
}
