import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import type { Lambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import { createPlan, interleave, type Samples, type Scale, toTimes, type Variant } from "../measure.ts";
import { compare, type Figure, figure } from "../report/figures.ts";
import { type Batch, makeRecords, toBatch } from "../support/batches.ts";
import { addChecksums, checkTable, readChecksum, WrongRows } from "../support/checksum.ts";
import { bundleBaseline, bundleFunction, invokeContainer, startContainer, startKms } from "../support/containers.ts";
import { connect } from "../support/database.ts";
import type { SuiteContext } from "./suite.ts";

const NAMES = ["function", "pg-only handler", "empty handler"] as const;

type Name = (typeof NAMES)[number];

/** Starts a container. */
type Start = (name: Name) => Promise<Lambda>;

/** The table of the deployed function. */
const TABLE = "user_logins";

/** Bytes of the largest event that Lambda hands over. */
const MAX_EVENT = 6 * 1024 * 1024;
const MAX_MESSAGES = 10_000;

/** What a container costs before it works: time, code and memory. */
export async function measure({ postgres, scale }: SuiteContext): Promise<Figure[]> {
  const kms = await startKms();
  const client = await connect(postgres);
  const root = await mkdtemp(join(tmpdir(), "masqueue-bench-bundle-"));
  try {
    const folders = {
      function: await bundleFunction(root),
      "pg-only handler": await bundleBaseline(root, "pg-only"),
      "empty handler": await bundleBaseline(root, "empty"),
    };
    const start: Start = (name) => startContainer(folders[name], postgres, kms);
    const samples = await measureStarts(client, start, scale);
    const memory = await measureMemory(client, start, scale);
    const kilobytes = (name: Name) => [statSync(join(folders[name], "index.js")).size / 1000];
    return [
      ...toFigures(samples, "ready"),
      ...toFigures(samples, "first response"),
      ...compare({ group: "bundle", unit: "kB" }, kilobytes("function"), { "pg-only handler": kilobytes("pg-only handler") }),
      ...memory,
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** From the start of the process until it asks for its first event, and until it has answered that. */
async function measureStarts(client: pg.Client, start: Start, scale: Scale): Promise<Samples> {
  console.error("start: containers");
  await client.query("CREATE TABLE bench_pg_only (create_date date, message_id text)");
  let batch = toBatch([]);
  let expected = batch.checksum;
  const variants = NAMES.flatMap((name): Variant[] => {
    let lambda: Lambda;
    const run = async () => {
      lambda = await start(name);
      await lambda.ready;
    };
    const respond = async () => {
      await run();
      await invokeContainer(lambda, batch.event);
    };
    const after = () => lambda.stop();
    return [
      { name: `${name}, ready`, batches: 1, run, after },
      { name: `${name}, first response`, batches: 1, run: respond, after },
    ];
  });
  const arrange = async () => {
    batch = toBatch(makeRecords(1));
    expected = addChecksums(expected, batch.checksum);
  };
  const samples = await interleave(variants, { ...createPlan(scale, 60), arrange });
  await checkTable(client, TABLE, expected);
  const { rows } = await client.query<{ count: number }>("SELECT count(*)::int AS count FROM bench_pg_only");
  if (rows[0]?.count !== expected.rows) throw new WrongRows("The pg-only handler did not store all its messages.");
  return samples;
}

function toFigures(samples: Samples, what: "ready" | "first response"): Figure[] {
  const times = (name: Name) => toTimes(samples, `${name}, ${what}`);
  const baselines = { "pg-only handler": times("pg-only handler"), "empty handler": times("empty handler") };
  return compare({ group: `start to ${what}`, unit: "ms" }, times("function"), baselines);
}

/** The peak memory of containers that handle the largest event; no figure if the system has no /proc. */
async function measureMemory(client: pg.Client, start: Start, scale: Scale): Promise<Figure[]> {
  if (!existsSync("/proc/self/status")) return [];
  console.error("start: the memory of the largest event");
  const peaks: number[] = [];
  for (let i = 0; i < (scale === "quick" ? 1 : 5); i++) {
    const batch = makeLargestBatch();
    const before = await readChecksum(client, TABLE);
    const lambda = await start("function");
    await invokeContainer(lambda, batch.event);
    peaks.push(Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${lambda.pid}/status`, "utf8"))?.[1]) / 1024);
    await lambda.stop();
    await checkTable(client, TABLE, addChecksums(before, batch.checksum));
  }
  return [figure({ group: "peak memory, function of 512 MB", unit: "MiB" }, "event of 6 MB, 10,000 messages", peaks)];
}

/** As many messages as a batch can have, with handles so long that the event is as large as it can be. */
function makeLargestBatch(): Batch {
  const records = makeRecords(MAX_MESSAGES);
  const missing = MAX_EVENT - Buffer.byteLength(JSON.stringify({ Records: records }));
  const length = Math.max(1, (records[0]?.receiptHandle ?? "").length + Math.floor(missing / MAX_MESSAGES));
  return toBatch(records.map((record) => ({ ...record, receiptHandle: "h".repeat(length) })));
}
