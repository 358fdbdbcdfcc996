import type pg from "pg";
import { copyByStream } from "../baselines/pg-copy-streams.ts";
import { insertByUnnest } from "../baselines/unnest.ts";
import { createPlan, interleave, toTimes } from "../measure.ts";
import { compare, type Figure, figure } from "../report/figures.ts";
import type { Batch } from "../support/batches.ts";
import { startChild } from "../support/child.ts";
import { connect, createTable } from "../support/database.ts";
import { openFunction } from "../support/function.ts";
import type { ProxyOrder } from "../support/proxy-process.ts";
import { measureWriters } from "../support/writers.ts";
import type { SuiteContext } from "./suite.ts";

const SIZES = [
  { size: 10, batches: 50 },
  { size: 100, batches: 20 },
  { size: 1_000, batches: 10 },
] as const;

/** Milliseconds that a round trip takes longer: the distance between two availability zones. */
const DISTANCE = 2;

/** The function and the baselines as far from the database as in production. */
export async function measure({ postgres, scale }: SuiteContext): Promise<Figure[]> {
  const { host = "127.0.0.1", port = 5432 } = postgres;
  const proxy = startChild("support/proxy-process.ts");
  const order: ProxyOrder = { target: { host, port }, delay: DISTANCE / 2 };
  const farConfig = { ...postgres, ...(await proxy.ask<{ port: number }>(order)) };
  const [near, far] = [await connect(postgres), await connect(farConfig)];
  const tables = {
    function: await createTable(near, "far_function"),
    stream: await createTable(near, "far_stream"),
    unnest: await createTable(near, "far_unnest"),
  };
  const invoke = await openFunction(farConfig, tables.function);
  const figures = [figure({ group: `${DISTANCE} ms`, unit: "ms" }, "added to a round trip by the proxy", await measureAdded(near, far))];
  for (const { size, batches } of SIZES) {
    console.error(`distance: batches of ${size}`);
    await near.query(`TRUNCATE ${Object.values(tables).join(", ")}`);
    const writers = {
      function: { table: tables.function, write: ({ event }: Batch) => invoke(event) },
      "pg-copy-streams": { table: tables.stream, write: ({ event }: Batch) => copyByStream(far, tables.stream, event) },
      unnest: { table: tables.unnest, write: ({ event }: Batch) => insertByUnnest(far, tables.unnest, event) },
    };
    const { function: rates, ...baselines } = await measureWriters(near, writers, { ...createPlan(scale, 10), size, batches });
    figures.push(...compare({ group: `${DISTANCE} ms, batches of ${size.toLocaleString("en")}`, unit: "rows/s" }, rates, baselines));
  }
  proxy.stop();
  return figures;
}

/** Milliseconds by which the shortest query takes longer from far. */
async function measureAdded(near: pg.Client, far: pg.Client): Promise<number[]> {
  const toPing = (name: string, client: pg.Client) => ({ name, batches: 1, run: async () => void (await client.query("")) });
  const samples = await interleave([toPing("near", near), toPing("far", far)], { warmUps: 2, repetitions: 100, seconds: 10 });
  const times = toTimes(samples, "near");
  return toTimes(samples, "far").map((time, i) => time - (times[i] as number));
}
