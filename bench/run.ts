import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { ROOT } from "../local/targets/data-dir.ts";
import { interrupted, listenForInterrupts } from "../local/terminal/signals.ts";
import type { PartResult, Scale } from "./bench.ts";
import { PARTS, type Part } from "./figures.ts";
import type { PartOrder } from "./part-process.ts";
import { htmlReport } from "./report/html.ts";
import { jsonReport } from "./report/json.ts";
import { markdownTables, withTables } from "./report/markdown.ts";
import { plotsOf } from "./report/plots.ts";
import type { Result } from "./report/result.ts";
import { terminalReport } from "./report/terminal.ts";
import { runCost } from "./suites/cost.ts";
import { startChild } from "./support/children.ts";
import { type BenchDatabase, openDatabase } from "./support/database.ts";
import { TARGETS, verdictsOn } from "./targets.ts";

interface Options {
  quick?: true;
  long?: true;
  only: readonly Part[];
  out: string;
  docs?: true;
}

const PAGE = join(ROOT, "docs/performance.md");
const PLOTS = "performance";

const all = Object.keys(PARTS) as Part[];

const program = new Command("npm run bench --")
  .description(
    "Measures the function on an embedded Postgres. Fails where a table does not hold what it should; a missed target fails nothing.",
  )
  .option("--quick", "fewer repetitions and sizes, under a minute: checks that all is right")
  .option("--long", "also a table of ten million rows")
  .option("--only <parts>", `some parts, e.g. A,B: ${all.map((part) => `${part} ${PARTS[part].toLowerCase()}`).join(", ")}`, readParts, all)
  .option("--out <folder>", "where result.json and report.html go", join(ROOT, ".masqueue/bench"))
  .option("--docs", "also put the tables and plots into docs/performance.md");

function readParts(text: string): Part[] {
  const parts = text.split(",").map((part) => part.trim().toUpperCase());
  const unknown = parts.find((part) => !all.some((known) => known === part));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no part ${unknown}; there are: ${all.join(", ")}.`);
  return all.filter((part) => parts.includes(part));
}

async function run(options: Options): Promise<void> {
  const began = performance.now();
  const scale: Scale = options.quick ? "quick" : options.long ? "long" : "full";
  const database = await openDatabase(["npm run bench --", ...process.argv.slice(2)].join(" "));
  try {
    const results = await runParts(options.only, scale, database);
    const figures = results.flatMap(([, result]) => result.figures);
    const notes = Object.fromEntries(results.map(([part, result]) => [part, result.notes ?? []]));
    const plots = results.flatMap(([, result]) => result.plots ?? []);
    const seconds = (performance.now() - began) / 1000;
    write(
      {
        machine: database.machine,
        scale,
        seconds,
        figures,
        notes,
        plots,
        verdicts: verdictsOn(
          figures,
          TARGETS.filter(({ part }) => options.only.includes(part)),
        ),
      },
      options,
    );
  } finally {
    await database.close();
  }
}

/** Each part in a process of its own, so that none finds a heap or compiled code that another one left. */
async function runParts(parts: readonly Part[], scale: Scale, database: BenchDatabase): Promise<[Part, PartResult][]> {
  const results: [Part, PartResult][] = [];
  for (const part of parts) {
    if (part === "F") results.push([part, runCost(results.flatMap(([, { figures }]) => figures))]);
    else results.push([part, await runPart({ part, scale, postgres: database.config })]);
  }
  return results;
}

async function runPart(order: PartOrder): Promise<PartResult> {
  const child = startChild("part-process.ts");
  const stop = () => child.stop();
  interrupted.addEventListener("abort", stop);
  try {
    child.send(order);
    for (;;) {
      const told = await child.next<{ saying: string } | { result: PartResult }>();
      if ("result" in told) return told.result;
      console.error(`${order.part}. ${PARTS[order.part]}: ${told.saying}`);
    }
  } finally {
    interrupted.removeEventListener("abort", stop);
    child.stop();
  }
}

function write(result: Result, { out, docs }: Options): void {
  console.log(terminalReport(result));
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "result.json"), jsonReport(result));
  writeFileSync(join(out, "report.html"), htmlReport(result));
  console.log(`\nWritten: ${relative(process.cwd(), join(out, "result.json"))} and report.html beside it.`);
  if (!docs) return;
  const folder = join(ROOT, "docs", PLOTS);
  mkdirSync(folder, { recursive: true });
  for (const { slug, svg } of plotsOf(result)) writeFileSync(join(folder, `${slug}.svg`), `${svg}\n`);
  writeFileSync(PAGE, withTables(readFileSync(PAGE, "utf8"), markdownTables(result, PLOTS)));
}

listenForInterrupts();
program.parse();
await run(program.opts<Options>()).catch((error: unknown) => {
  console.error(interrupted.aborted ? "Stopped." : error instanceof Error ? error.message : error);
  process.exitCode = interrupted.aborted ? 130 : 1;
});
