import { spawnSync } from "node:child_process";
import { join, relative } from "node:path";
import type { EnvelopeKind } from "../../lambda/pipelines/pipeline.ts";
import { ROOT } from "../targets/data-dir.ts";
import type { Proposal, ProposedColumn } from "./guess.ts";
import type { MaskWriter } from "./mask-source.ts";
import type { TableNames } from "./table-names.ts";

/** What a declaration says about its table as a whole. */
interface Heading {
  readonly names: TableNames;
  readonly unwrap: EnvelopeKind | undefined;
  /** Where the columns are from, in a sentence. */
  readonly origin: string;
}

/** The declaration of a pipeline, one line a column. */
export function writeDeclaration({ names, unwrap, origin }: Heading, { columns, leftOut }: Proposal, writeMask: MaskWriter): string {
  const functions = columns.flatMap(({ kind, personal }) => [kind, ...(personal ? [writeMask(personal).replace(/\(.*/, "")] : [])]);
  return `import { ${[...new Set(["definePipeline", ...functions])].join(", ")} } from "../../pipelines/pipeline.ts";

/** ${origin} */
export const ${names.identifier} = definePipeline({
  name: "${names.name}",
  table: "${names.table}",
  ${unwrap ? `unwrap: "${unwrap}",\n` : ""}columns: {
    ${columns.map((column) => `${column.name}: ${writeColumn(column, writeMask)}, // ${column.why}`).join("\n")}
    ${leftOut.map(({ from, why }) => `// Left out: ${from} (${why})`).join("\n")}
  },
});
`;
}

function writeColumn({ name, from, kind, options, personal }: ProposedColumn, writeMask: MaskWriter): string {
  const parts = Object.entries(options).map(([option, value]) => `${option}: ${JSON.stringify(value)}`);
  if (personal) parts.unshift(`as: ${writeMask(personal)}`);
  if (from !== name) parts.unshift(`from: "${from}"`);
  return `${kind}(${parts.length > 0 ? `{ ${parts.join(", ")} }` : ""})`;
}

/** A body with an invented value in each field. */
export function inventBody(columns: readonly ProposedColumn[]): object {
  const body = {};
  for (const { from, sample } of columns) {
    if (sample === undefined) continue;
    const names = from.split(".");
    const last = names.pop() ?? "";
    let parent: Record<string, unknown> = body;
    for (const name of names) {
      if (!Object.hasOwn(parent, name)) parent[name] = {};
      parent = parent[name] as Record<string, unknown>;
    }
    parent[last] = sample;
  }
  return body;
}

/**
 * The test of a pipeline: the sample is stored, with tokens in place of its personal values.
 * @param row of the sample, by column
 */
export function writeTest(
  { identifier }: TableNames,
  columns: readonly ProposedColumn[],
  row: Readonly<Record<string, string | null>>,
): string {
  const cells = columns.map(({ name, personal }) => `${name}: ${personal ? "TOKEN" : JSON.stringify(row[name])},`);
  const personal = columns.filter((column) => column.personal);
  const values = personal.map(({ from, sample }) => (typeof sample === "string" ? `sample.${from}` : `String(sample.${from})`));
  const isMasked = personal.length > 0;
  return `import { expect, test } from "@jest/globals";
import { tryBody } from "../../ingest/dry-run.ts";
import { ${identifier} } from "./pipeline.ts";
import sample from "./sample.json" with { type: "json" };

${isMasked ? "const TOKEN = expect.stringMatching(/^v1\\.[0-9a-f]{32}$/);\n" : ""}
test("the sample is stored${isMasked ? ", with a token for each personal value" : ""}", async () => {
  expect(await tryBody(${identifier}, sample)).toEqual({ ${cells.join("\n")} });
});
${
  isMasked
    ? `
test("no personal value of the sample is stored", async () => {
  const stored = JSON.stringify(await tryBody(${identifier}, sample));
  for (const value of [${values.join(", ")}]) expect(stored).not.toContain(value);
});
`
    : ""
}`;
}

/** Formats a source as the project's linter wants it. @param file its place, which selects the rules */
export function formatSource(file: string, source: string): string {
  const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "check", "--write", `--stdin-file-path=${relative(ROOT, file)}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, input: source, encoding: "utf8" });
  if (status !== 0) throw new Error(`Biome cannot format ${relative(ROOT, file)}: ${stderr}`);
  return stdout;
}
