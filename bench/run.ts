import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Command, Option } from "commander";
import { ROOT } from "../local/targets/data-dir.ts";
import { checkInterrupted, interrupted, listenForInterrupts } from "../local/terminal/signals.ts";
import type { Figure } from "./report/figures.ts";
import { renderReport, updatePage } from "./report/markdown.ts";
import { drawPictures } from "./report/pictures.ts";
import type { Result } from "./report/result.ts";
import { checkTargets } from "./report/targets.ts";
import { SUITE_NAMES, type SuiteName } from "./suites/suite.ts";
import { startChild } from "./support/child.ts";
import { openDatabase } from "./support/database.ts";
import type { SuiteOrder } from "./support/suite-process.ts";

interface Options {
  quick?: true;
  long?: true;
  only: readonly SuiteName[];
  out: string;
  docs?: true;
}

const PAGE = join(ROOT, "docs/performance.md");
const PICTURES = "performance";

const program = new Command("npm run bench --")
  .description(
    "Measures the function on an embedded Postgres. Fails if a table does not hold what it should; a missed target fails nothing.",
  )
  .option("--quick", "fewer repetitions and sizes, under a minute: checks correctness")
  .option("--long", "also a table of ten million rows")
  .addOption(new Option("--only <suites...>", "some suites, e.g. store mask").choices(SUITE_NAMES).default(SUITE_NAMES, "all"))
  .option("--out <folder>", "folder for result.json, and for report.md with its pictures", join(ROOT, ".masqueue/bench"))
  .option("--docs", "also write the tables and pictures of docs/performance.md");

async function run({ quick, long, only, out, docs }: Options): Promise<void> {
  const began = performance.now();
  const scale = quick ? "quick" : long ? "long" : "full";
  const database = await openDatabase();
  const suites: Partial<Record<SuiteName, readonly Figure[]>> = {};
  try {
    for (const suite of SUITE_NAMES.filter((name) => only.includes(name)))
      suites[suite] = await runSuite({ suite, scale, postgres: database.config });
  } finally {
    await database.close();
  }
  const result: Result = { machine: database.machine, scale, seconds: (performance.now() - began) / 1000, suites };
  console.log(renderReport(result));
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "result.json"), `${JSON.stringify({ ...result, verdicts: checkTargets(result) }, null, 2)}\n`);
  writeFileSync(join(out, "report.md"), `# Masqueue: benchmark\n\n${renderReport(result, ".")}\n`);
  writePictures(result, out);
  console.log(`\nWrote result.json, report.md and its pictures to ${relative(process.cwd(), out) || "."}.`);
  if (!docs) return;
  writePictures(result, join(ROOT, "docs", PICTURES));
  writeFileSync(PAGE, updatePage(readFileSync(PAGE, "utf8"), result, PICTURES));
}

async function runSuite(order: SuiteOrder): Promise<readonly Figure[]> {
  checkInterrupted();
  const child = startChild("support/suite-process.ts");
  const stop = () => child.stop();
  interrupted.addEventListener("abort", stop);
  try {
    return (await child.ask<{ figures: Figure[] }>(order)).figures;
  } finally {
    interrupted.removeEventListener("abort", stop);
    child.stop();
  }
}

function writePictures(result: Result, folder: string): void {
  for (const { name, svg } of drawPictures(result)) writeFileSync(join(folder, `${name}.svg`), `${svg}\n`);
}

listenForInterrupts();
program.parse();
await run(program.opts<Options>()).catch((error: unknown) => {
  console.error(interrupted.aborted ? "Stopped." : error instanceof Error ? error.message : error);
  process.exitCode = interrupted.aborted ? 130 : 1;
});
