import type { Bench, PartResult } from "../bench.ts";
import { runBacklog } from "./growth-backlog.ts";
import { runTable } from "./growth-table.ts";
import { runWriters } from "./growth-writers.ts";

/** Part D: what becomes of the function's speed as the table, the number of writers and the backlog grow. */
export async function runGrowth(bench: Bench): Promise<PartResult> {
  const results = [await runTable(bench), await runWriters(bench), await runBacklog(bench)];
  return { figures: results.flatMap(({ figures }) => figures), notes: results.flatMap(({ notes = [] }) => notes) };
}
