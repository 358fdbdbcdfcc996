import { tryBody } from "../../lambda/ingest/dry-run.ts";
import { pipelines } from "../../lambda/pipelines/index.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { formatSqlType } from "../../lambda/pipelines/sql-type.ts";
import * as errors from "../errors.ts";
import { type Outgoing, readMessages } from "../run/messages-file.ts";
import { toRecords } from "../run/records.ts";
import { readSamples, type Samples } from "../tables/fields.ts";
import { ENOUGH, type Proposal, proposeTable } from "../tables/guess.ts";
import { createMaskWriter, type MaskWriter } from "../tables/mask-source.ts";
import { inventBody, writeDeclaration, writeTest } from "../tables/source.ts";
import { placeFiles, type TableFiles, toShown, writeFiles } from "../tables/table-files.ts";
import { nameTable } from "../tables/table-names.ts";
import { formatTable } from "../terminal/table.ts";

/** More samples tell nothing new. */
const MAX_SAMPLES = 1000;

/** The columns of a skeleton are guessed from messages like this one. */
const EXAMPLE = {
  id: "6f1ed002-ab59-4e4c-8f0f-6c3b5a4d2e10",
  type: "created",
  customer: { email: "someone@example.org", device_id: "invented-device-1" },
  amount: 12.5,
  created_at: "2026-03-01T12:00:00Z",
};

/** Makes a table: guesses its columns from messages, and writes its files. @returns the exit code */
export async function newTable(name: string, { from }: { from?: string }): Promise<number> {
  const names = nameTable(name);
  const messages = from ? readMessages(from) : Array.from({ length: 10 }, (): Outgoing => ({ body: JSON.stringify(EXAMPLE) }));
  const files = placeFiles(names);
  const samples = readSamples(toRecords(messages.slice(0, MAX_SAMPLES)));
  const proposal = proposeTable(samples);
  if (from && samples.events === 0) throw errors.noEvents(from);
  if (from && proposal.columns.every(({ sample }) => sample === undefined)) throw errors.noColumns(from);
  const origin = from
    ? `Proposed by masqueue new for ${samples.events} messages. Check each column that is not masked.`
    : "A skeleton: replace its columns by those of your messages (docs/pipelines.md).";
  const writeMask = createMaskWriter(Object.values(pipelines));
  const declaration = writeDeclaration({ names, unwrap: samples.unwrap, origin }, proposal, writeMask);
  const sample = inventBody(proposal.columns);
  const pipeline = await writeFiles(files, names, declaration, sample, async (pipeline) =>
    writeTest(names, proposal.columns, await tryBody(pipeline, sample)),
  );
  if (from) printSamples(from, messages.length, samples);
  printProposal(proposal, samples, pipeline, writeMask);
  printNext(name, files, from);
  return 0;
}

function printSamples(from: string, messages: number, { events, unreadable, unwrap }: Samples): void {
  const first = messages > MAX_SAMPLES ? `the first ${MAX_SAMPLES} of ` : "";
  const lost = unreadable > 0 ? ` ${unreadable} of them are no events: masqueue check says why.` : "";
  console.log(`Read ${first}${messages} messages in ${from}.${lost}`);
  if (unwrap) console.log(`They are in envelopes of ${unwrap === "sns" ? "SNS" : "EventBridge"}: the pipeline takes them out.`);
  if (events < ENOUGH)
    console.log(`With ${ENOUGH} messages or more, fields that all of them have would be required, and names told from other words.`);
}

function printProposal({ columns, leftOut }: Proposal, { unnamed }: Samples, pipeline: Pipeline, writeMask: MaskWriter): void {
  const rows = columns.map(({ name, from, options, personal, sample, why }, i) => {
    const type = formatSqlType(pipeline.columns[i]?.sql ?? { name: "text" });
    const field = sample === undefined ? "" : from;
    return [field, name, `${personal ? "token" : type}${options.required ? ", required" : ""}`, personal ? writeMask(personal) : "", why];
  });
  console.log(`\n${formatTable(["field", "column", "kind", "mask", "why"], rows)}`);
  if (leftOut.length > 0) {
    const reasons = leftOut.map(({ from, why }) => [from, why]);
    console.log(`\nLeft out, so not stored:\n${formatTable(["field", "why"], reasons)}`);
  }
  if (unnamed > 0)
    console.log(
      `\n${unnamed} more fields are left out and not named here: a name that is no identifier, or in one message only, may be a value.`,
    );
}

function printNext(name: string, files: TableFiles, from: string | undefined): void {
  const [declaration, sample, test, migration, grants, list] = [
    ...[files.declaration, files.sample, files.test, files.migration, files.grants, files.list].map(toShown),
  ];
  const messages = from ?? `${toShown(files.sample)}`;
  console.log(`
Made:
  ${declaration}   the declaration
  ${sample}   an invented message
  ${test}   the test of both
  ${migration}   creates the table
  ${grants}   lets the function write it
  ${list}   one line more: it lists your pipelines

Next:
  edit ${declaration}, and in step with it the migration and the test
  npx masqueue check ${name} --from ${messages}
  npm test -- lambda/custom/${name}
  npx masqueue start --pipeline ${name} --from ${messages}`);
}
