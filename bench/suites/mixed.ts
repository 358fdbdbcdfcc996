import { randomUUID } from "node:crypto";
import type { SQSEvent, SQSRecord } from "aws-lambda";
import { copyReadyRows } from "../baselines/copy.ts";
import { createPlan, interleave, toRates } from "../measure.ts";
import { type Figure, figure } from "../report/figures.ts";
import { makeRecords, toBatch } from "../support/batches.ts";
import { addChecksums, checkTable, EMPTY } from "../support/checksum.ts";
import { connect, createTable } from "../support/database.ts";
import { openFunction } from "../support/function.ts";
import { loginBody, loginRecord } from "../support/logins.ts";
import type { SuiteContext } from "./suite.ts";

const SIZE = 1_000;
const COUNTS = [1, 10, 100] as const;

/** A value that a constraint of the table refuses and the pipeline does not know of. */
const REFUSED = "refused";

/** What is special about some messages of a batch. */
interface Kind {
  readonly name: string;
  make(): SQSRecord;
  /** Such a message is reported as failed, and its row is not stored. */
  readonly fails?: true;
  /** Its row is in the table before the batch. */
  readonly isStoredBefore?: true;
}

const KINDS: readonly Kind[] = [
  { name: "rejected at parse", make: () => loginRecord('{"user_id": "cut off'), fails: true },
  { name: "refused by the database", make: () => loginRecord(loginBody({ user_id: REFUSED })), fails: true },
  { name: "duplicates", make: () => loginRecord(), isStoredBefore: true },
  // The receive count says so: the function inserts them beside the COPY.
  { name: "delivered again", make: () => loginRecord(loginBody(), randomUUID(), 2), isStoredBefore: true },
];

const NORMAL: Kind = { name: "none", make: () => loginRecord() };

/** Batches in which some messages are rejected, refused, or in the table already. */
export async function measure({ postgres, scale }: SuiteContext): Promise<Figure[]> {
  console.error(`mixed: batches of ${SIZE}`);
  const client = await connect(postgres);
  const table = await createTable(client, "mixed");
  await client.query(`ALTER TABLE ${table} ADD CONSTRAINT not_refused CHECK (user_id <> '${REFUSED}')`);
  const invoke = await openFunction(postgres, table);
  let expected = EMPTY;
  const toVariant = (kind: Kind, count: number) => {
    let event: SQSEvent = { Records: [] };
    return {
      name: `${kind.name} ${count}`,
      batches: 1,
      async prepare() {
        const [special, good] = [Array.from({ length: count }, kind.make), makeRecords(SIZE - count)];
        if (kind.isStoredBefore) await copyReadyRows(client, table, toBatch(special).copyData);
        expected = addChecksums(expected, toBatch(kind.fails ? good : [...special, ...good]).checksum);
        event = { Records: spread(special, good) };
      },
      run: () => invoke(event, kind.fails ? count : 0),
    };
  };
  const variants = [toVariant(NORMAL, 1), ...KINDS.flatMap((kind) => COUNTS.map((count) => toVariant(kind, count)))];
  const arrange = async () => {
    for (const variant of variants) await variant.prepare();
  };
  const samples = await interleave(variants, { ...createPlan(scale, 35, 11), arrange });
  await checkTable(client, table, expected);

  const none = toRates(samples, "none 1", SIZE);
  const toFigure = (kind: Kind, count: number) =>
    figure({ group: kind.name, unit: "rows/s" }, `${count} in 1,000`, toRates(samples, `${kind.name} ${count}`, SIZE), { none });
  return [
    figure({ group: "none", unit: "rows/s" }, "none", none),
    ...KINDS.flatMap((kind) => COUNTS.map((count) => toFigure(kind, count))),
  ];
}

/** Puts the special records evenly among the good ones. */
function spread(special: readonly SQSRecord[], good: readonly SQSRecord[]): SQSRecord[] {
  const between = good.length / special.length;
  return special.flatMap((record, i) => [record, ...good.slice(i * between, (i + 1) * between)]);
}
