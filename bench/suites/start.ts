import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { tableOf } from "../../lambda/postgres/table.ts";
import type { Bench, PartResult } from "../bench.ts";
import { type Figure, figure, type Values } from "../figures.ts";
import { type BuiltFunction, bundleFunction, bundleRival, withFolder } from "../start/bundles.ts";
import { IS_PINNED, invoked, startContainer, variablesOf } from "../start/containers.ts";
import { startKms } from "../start/kms.ts";
import { batchOf, newRecords } from "../support/batches.ts";
import { connected } from "../support/connect.ts";
import { checkRows, plus, tallyIn } from "../support/expected.ts";

const NAMES = ["function", "pg-only", "empty"] as const;

type Name = (typeof NAMES)[number];

/** Milliseconds from the start of the process. */
interface Start {
  readonly ready: number;
  readonly firstResponse: number;
}

/** The largest event that Lambda hands over, in bytes. */
const LARGEST_EVENT = 6 * 1024 * 1024;
const MOST_MESSAGES = 10_000;

/** Part E: what a container costs before it works: time, code and memory. */
export async function runStart(bench: Bench): Promise<PartResult> {
  return withFolder(async (folder) => {
    const functions: Record<Name, BuiltFunction> = {
      function: await bundleFunction(join(folder, "function")),
      "pg-only": await bundleRival("pg-only", join(folder, "pg-only")),
      empty: await bundleRival("empty", join(folder, "empty")),
    };
    const kms = await startKms();
    const variables = variablesOf(bench.postgres, userLogins, kms.endpoint);
    const starts = await measureStarts(bench, functions, variables);
    const memory = await measureMemory(bench, functions.function, variables);
    kms.close();
    return {
      figures: [...figuresOf(starts), ...sizes(functions), ...memory],
      notes: [
        `The bundle's largest inputs: ${functions.function.largest.map(({ path, bytes }) => `${path} ${(bytes / 1000).toFixed(1)} kB`).join(", ")}.`,
        `Under AWS's runtime interface client with the flags and the memory limits of 512 MB, ${IS_PINNED ? "on one core" : "on all cores: there is no taskset"}; KMS and the database on loopback, without TLS.`,
      ],
    };
  });
}

async function measureStarts(
  { postgres, scale, say }: Bench,
  functions: Readonly<Record<Name, BuiltFunction>>,
  variables: Record<string, string>,
): Promise<Record<Name, Start[]>> {
  const client = await connected(postgres);
  await client.query("CREATE TABLE IF NOT EXISTS bench_pg_only (create_date date, message_id text)");
  const table = tableOf(userLogins);
  let expected = await tallyIn(client, table);
  const starts: Record<Name, Start[]> = { function: [], "pg-only": [], empty: [] };
  const repetitions = scale === "quick" ? 3 : 15;
  say(`${repetitions} starts of each function`);
  // The first round fills the file cache and is not counted.
  for (let i = -1; i < repetitions; i++) {
    for (const name of NAMES) {
      const batch = batchOf(newRecords(1));
      const start = await startOnce(functions[name], variables, batch.event);
      if (i >= 0) starts[name].push(start);
      if (name === "function") expected = plus(expected, batch.tally);
    }
  }
  await checkRows(client, table, expected);
  const { rows } = await client.query("SELECT count(*)::int AS count FROM bench_pg_only");
  if (rows[0]?.count !== repetitions + 1) throw new Error("The pg-only function did not store what it got.");
  await client.query("DROP TABLE bench_pg_only");
  await client.end();
  return starts;
}

async function startOnce(fn: BuiltFunction, variables: Record<string, string>, event: object): Promise<Start> {
  const began = performance.now();
  const lambda = await startContainer(fn, variables);
  try {
    await lambda.ready;
    const ready = performance.now() - began;
    await invoked(lambda, event);
    return { ready, firstResponse: performance.now() - began };
  } catch (error) {
    throw new Error(`A container failed: ${error instanceof Error ? error.message : error} ${lambda.output()}`);
  } finally {
    await lambda.stop();
  }
}

function figuresOf(starts: Readonly<Record<Name, readonly Start[]>>): Figure[] {
  const of = (name: Name, what: keyof Start): Values => starts[name].map((start) => start[what]);
  return (["ready", "firstResponse"] as const).flatMap((what) => {
    const where = {
      part: "E",
      group: what === "ready" ? "process start to ready" : "process start to first response",
      unit: "ms",
    } as const;
    const [pgOnly, empty] = [of("pg-only", what), of("empty", what)];
    return [
      figure(where, "function", of("function", what), { "pg-only handler": pgOnly, "empty handler": empty }),
      figure(where, "pg-only handler", pgOnly),
      figure(where, "empty handler", empty),
    ];
  });
}

function sizes(functions: Readonly<Record<Name, BuiltFunction>>): Figure[] {
  const where = { part: "E", group: "bundle", unit: "kB" } as const;
  const kB = (name: Name) => [functions[name].bytes / 1000];
  return [figure(where, "function", kB("function"), { "pg-only handler": kB("pg-only") }), figure(where, "pg-only handler", kB("pg-only"))];
}

async function measureMemory({ postgres, scale, say }: Bench, fn: BuiltFunction, variables: Record<string, string>): Promise<Figure[]> {
  const status = (pid: number) => `/proc/${pid}/status`;
  if (!existsSync(status(process.pid))) return [];
  say("the memory of the largest event");
  const client = await connected(postgres);
  const table = tableOf(userLogins);
  const peaks: number[] = [];
  for (let i = 0; i < (scale === "quick" ? 1 : 5); i++) {
    const batch = largestEvent();
    const before = await tallyIn(client, table);
    const lambda = await startContainer(fn, variables);
    await invoked(lambda, batch.event);
    peaks.push(Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status(lambda.pid), "utf8"))?.[1]) / 1024);
    await lambda.stop();
    await checkRows(client, table, plus(before, batch.tally));
  }
  await client.end();
  return [figure({ part: "E", group: "peak memory", unit: "MiB" }, "event of 6 MB, 10,000 messages, function of 512 MB", peaks)];
}

/** As many messages as a batch can have, with handles so long that the event is as large as it can be. */
function largestEvent() {
  const records = newRecords(MOST_MESSAGES);
  const missing = LARGEST_EVENT - Buffer.byteLength(JSON.stringify({ Records: records }));
  const handle = (records[0]?.receiptHandle ?? "").length + Math.floor(missing / MOST_MESSAGES);
  return batchOf(records.map((record) => ({ ...record, receiptHandle: "h".repeat(Math.max(1, handle)) })));
}
