import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { SQSRecord } from "aws-lambda";
import { Command } from "commander";
import { ROLES } from "../../lambda/names.ts";
import { updateSchema } from "../../lambda/schema/update.ts";
import { createTable, grantTable } from "../../local/tables/ddl.ts";
import { ROOT } from "../../local/targets/data-dir.ts";
import { explainError } from "../../local/terminal/program.ts";
import { checkInterrupted, interrupted, listenForInterrupts } from "../../local/terminal/signals.ts";
import { kmsWith, startAwsJson } from "../support/aws-json.ts";
import { compare } from "./compare.ts";
import { bundleFunction } from "./container.ts";
import { startEventSource } from "./event-source.ts";
import { drain, findLeaks, look } from "./look.ts";
import { CONSTRAINTS, plantCanaries, SECRET } from "./messages.ts";
import { payments } from "./pipelines.ts";
import { Postgres } from "./postgres.ts";
import { createQueue } from "./queue.ts";
import { renderReport, type Sample } from "./report.ts";
import { startFaults } from "./schedule.ts";
import { Sender } from "./sender.ts";

interface Options {
  seed: number;
  minutes: number;
  rate: number;
  out: string;
}

const program = new Command("npm run chaos --")
  .description("Breaks what is around the function while messages arrive, and then compares each row. Fails on any difference.")
  .option("--seed <n>", "repeats the messages and the faults of a run", Number, randomInt(2 ** 31))
  .option("--minutes <n>", "minutes for which messages are sent", Number, 1)
  .option("--rate <n>", "messages per second", Number, 112)
  .option("--out <folder>", "folder for report.html", join(ROOT, ".masqueue/chaos"));

async function run({ seed, minutes, rate, out }: Options): Promise<void> {
  console.log(`Seed ${seed}: ${minutes} min with ${rate} messages per second.`);
  await using resources = new AsyncDisposableStack();
  const canaries = plantCanaries(seed);
  const [samples, traces, seen]: [Sample[], string[], string[]] = [[], [], []];
  const postgres = resources.adopt(await Postgres.start(), (postgres) => postgres.close());
  await prepareTables(postgres);
  const queue = resources.adopt(await createQueue(), (queue) => queue.stop());
  const kms = { answer: kmsWith(SECRET) };
  const aws = resources.adopt(await startAwsJson((call) => kms.answer(call)), (aws) => aws.close());
  const folder = resources.adopt(mkdtempSync(join(tmpdir(), "masqueue-chaos-function-")), (folder) => rmSync(folder, { recursive: true }));
  await bundleFunction(folder);
  let second = { done: 0, lag: 0 };
  const onDone = (records: readonly SQSRecord[]) => {
    second.done += records.length;
    for (const { attributes } of records) second.lag = Math.max(second.lag, Date.now() - Number(attributes.SentTimestamp));
  };
  const onOutput = (text: string) => {
    traces.push(...findLeaks("the function's output", text, canaries));
    seen.push(...Array.from(text.matchAll(/"batch failed".*?"code":"(\w+)"/g), ([, code]) => `batch failed: ${code}`));
  };
  const place = { folder, kmsUrl: aws.url, findPort: () => postgres.port, onOutput };
  const source = resources.adopt(await startEventSource(queue, place, onDone), (source) => source.close());
  checkInterrupted();

  const sender = new Sender(seed, queue);
  const began = Date.now();
  const sampling = setInterval(() => {
    samples.push({ at: Date.now(), ...second });
    second = { done: 0, lag: 0 };
    if (samples.length % 10 === 0) console.log(`${samples.length} s: ${sender.sent} sent`);
  }, 1000);
  resources.defer(() => clearInterval(sampling));
  const until = began + minutes * 60_000;
  const world = { postgres, queue, source, kms, listUpcoming: () => sender.listUpcoming() };
  const failing = new AbortController();
  const signal = AbortSignal.any([interrupted, failing.signal]);
  const { injected, lanes } = startFaults(world, seed, until, signal);
  const work = [...lanes, sender.send(rate, until, signal)];
  await Promise.all(work).catch(() => failing.abort());
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
  checkInterrupted();
  await drain(queue, postgres, sender);
  checkInterrupted();
  await source.close();
  const found = await look(postgres, queue, traces, canaries);
  seen.push(...Array.from(postgres.log().matchAll(/^(\w{5}) (?:ERROR|FATAL|PANIC)/gm), ([, state]) => `Postgres: ${state}`));
  const differences = compare(sender, found);
  const summary = [
    ...formatCounts(
      "Injected",
      injected.map(({ name }) => name),
    ),
    ...formatCounts("Seen in the logs", seen),
    `${sender.sent} messages sent: ${sender.rows.size} rows expected, ${found.rows.length} found; ${sender.rejected.size} invalid, ${found.deadLetters.length} dead letters.`,
    ...differences.slice(0, MAX_SHOWN).map((difference) => `  ${difference}`),
    `Seed ${seed}: ${differences.length} differences. Repeat: npm run chaos -- --seed ${seed} --minutes ${minutes} --rate ${rate}`,
  ].join("\n");
  console.log(summary);
  mkdirSync(out, { recursive: true });
  const page = join(out, "report.html");
  writeFileSync(page, renderReport({ seed, summary, began, samples, injected, differences }));
  console.log(`Timeline: ${relative(process.cwd(), page)}`);
  if (differences.length > 0) process.exitCode = 1;
}

/** Differences that are printed. */
const MAX_SHOWN = 30;

function formatCounts(title: string, names: readonly string[]): string[] {
  const counts = Object.entries(Object.groupBy(names, (name) => name)).map(
    ([name, all = []]) => `${String(all.length).padStart(6)}  ${name}`,
  );
  return [`${title}:`, ...counts.sort((a, b) => (a.slice(8) < b.slice(8) ? -1 : 1))];
}

/** Does what a deployment does, and adds the second table and constraints that refuse some rows. */
async function prepareTables(postgres: Postgres): Promise<void> {
  const login = { user: "postgres", password: "" };
  await updateSchema({ postgres: { ...postgres.config, user: ROLES.migrate, password: "" }, admin: async () => [login], pauses: [] });
  await postgres.sql(
    [`SET ROLE ${ROLES.migrate}`, createTable(payments).replace(/;$/, ""), grantTable(payments), ...CONSTRAINTS].join(";\n"),
  );
}

listenForInterrupts();
program.parse();
await run(program.opts<Options>()).catch((error: unknown) => {
  console.error(interrupted.aborted ? "Stopped." : explainError(error));
  process.exitCode = interrupted.aborted ? 130 : 1;
});
