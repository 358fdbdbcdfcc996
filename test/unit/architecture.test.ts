import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { describe, expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "../..");

interface Import {
  readonly from: string;
  /** A path from the root of the repository, or the name of a package. */
  readonly to: string;
  readonly names: string;
}

/** `import … from`, `export … from`, a bare `import "…"` and `import("…")`, over several lines, too. */
const IMPORT = /\b(?:import|export)\s+(?:type\s+)?([^"'`;]*?)\s*from\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g;

function importsIn(source: string, from: string): Import[] {
  return [...source.matchAll(IMPORT)].map(([, names = "", spaced, bare]) => {
    const target = spaced ?? bare ?? "";
    return { from, to: target.startsWith(".") ? posix(normalize(join(dirname(from), target))) : target, names };
  });
}

const posix = (path: string) => path.replaceAll(sep, "/");
const sources = (folder: string) => globSync(`${folder}/**/*.{ts,mts,mjs,js}`, { cwd: ROOT }).map(posix).sort();
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const importsOf = (folder: string) => sources(folder).flatMap((file) => importsIn(read(file), file));
const arrows = (imports: Import[]) => imports.map(({ from, to }) => `${from} → ${to}`);

/** Imports of a folder that lead into one of the others. */
const leading = (folder: string, ...into: string[]) =>
  arrows(importsOf(folder).filter(({ to }) => into.some((room) => to === room || to.startsWith(`${room}/`))));

describe("imports go one way", () => {
  test("the function knows nothing of what runs, measures, deploys or tests it", () => {
    expect(leading("lambda", "local", "infra", "bench", "test", "events")).toEqual([]);
    expect(leading("lambda", "lambda").length).toBeGreaterThan(50);
  });

  test("the command line tool knows the function, and nothing of tests, measurements or stacks", () => {
    expect(leading("local", "test", "bench", "infra")).toEqual([]);
    expect(leading("local", "lambda")).not.toEqual([]);
  });

  test("the stacks know of the function its names and its pipelines alone, so that synth loads no driver", () => {
    const known = /^lambda\/(names\.ts|pipelines\/.*)$/;
    expect(arrows(importsOf("infra").filter(({ to }) => to.startsWith("lambda/") && !known.test(to)))).toEqual([]);
    expect(leading("infra", "local", "bench", "test", "events")).toEqual([]);
    expect(leading("infra", "lambda/names.ts")).not.toEqual([]);
  });

  test("measurements know the function, as it is bundled, too, and the command line tool", () => {
    expect(leading("bench", "infra", "test", "events").filter((arrow) => !arrow.endsWith(" → infra/bundle.ts"))).toEqual([]);
  });

  test("masking knows neither Postgres nor the stages", () => {
    expect(leading("lambda/masking", "lambda/postgres", "lambda/ingest", "pg")).toEqual([]);
    expect(leading("lambda/masking", "lambda")).not.toEqual([]);
  });

  test("the stages and Postgres know of each other only the rows: ingest → rows ← postgres", () => {
    expect(leading("lambda/ingest", "lambda/postgres", "lambda/schema", "pg")).toEqual([]);
    expect(leading("lambda/postgres", "lambda/ingest")).toEqual([]);
    expect(leading("lambda/rows", "lambda").filter((arrow) => !/ → lambda\/(rows\/.*|deadline\.ts)$/.test(arrow))).toEqual([]);
    for (const room of ["lambda/ingest", "lambda/postgres"]) expect(leading(room, "lambda/rows")).not.toEqual([]);
  });

  test("the stages name no SQLSTATE and no type of Postgres's errors", () => {
    const knowing = sources("lambda/ingest").filter((file) => /sqlstate|DatabaseError|["'][0-9A-Z]{2}[0-9A-Z]{3}["']/i.test(read(file)));
    expect(knowing).toEqual([]);
  });

  test("the pure stages know neither the effects nor the environment", () => {
    const pure = ["parse", "mask", "message", "dates", "row-key", "key-order", "report", "unknown-fields", "envelope"].map(
      (stage) => `lambda/ingest/${stage}.ts`,
    );
    const impure = importsOf("lambda/ingest").filter(
      ({ from, to }) => pure.includes(from) && !/^(lambda\/(ingest|masking|pipelines|rows)\/.*|aws-lambda|lambda\/errors\.ts)$/.test(to),
    );
    expect(arrows(impure)).toEqual([]);
    expect(sources("lambda/ingest")).toEqual(expect.arrayContaining(pure));
  });

  test("the names that the stacks share with the function import nothing", () => {
    expect(importsIn(read("lambda/names.ts"), "lambda/names.ts")).toEqual([]);
  });
});

describe("what few may do", () => {
  test("personal values are opened by masking and by the count of unknown fields alone", () => {
    const openers = [...importsOf("lambda"), ...importsOf("local")].filter(
      ({ to, names }) => /masking\/sensitive/.test(to) && /\breveal\b|\*/.test(names),
    );
    expect(openers.map(({ from }) => from)).toEqual(["lambda/ingest/mask.ts", "lambda/ingest/unknown-fields.ts"]);
  });

  test("a row that may be stored is made by the masking stage alone", () => {
    const makers = importsOf("lambda").filter(
      ({ to, names }) => to === "lambda/rows/masked-row.ts" && /(?<!type )\bMaskedRow\b/.test(names),
    );
    const typesOnly = (from: string) => /import type \{[^}]*\bMaskedRow\b[^}]*\} from "[^"]*masked-row\.ts"/.test(read(from));
    expect(makers.map(({ from }) => from).filter((from) => !typesOnly(from))).toEqual(["lambda/ingest/mask.ts"]);
  });

  test("no page hands the opener of personal values on", () => {
    const handed = sources("lambda").filter((file) => /export\s*(\*|\{[^}]*\breveal\b)/.test(read(file)));
    expect(handed).toEqual([]);
  });

  test("the environment is read by the entries alone, which hand it on", () => {
    expect(
      sources("lambda").filter((file) => /\bprocess(\?\.|\.)env\b|\bprocess\[|\{[^}]*\} = process\b|["']node:process["']/.test(read(file))),
    ).toEqual(["lambda/functions/ingest.ts", "lambda/functions/migrate.ts"]);
    expect(read("lambda/functions/ingest.ts")).toContain("readConfig(process.env)");
  });

  test("the console is written to by no page of the function: what it says goes through the reporter", () => {
    expect(sources("lambda").filter((file) => /\bconsole\.\w+\(/.test(read(file)))).toEqual([]);
  });
});

test("each way of importing is seen", () => {
  const source = `import pg from "pg";
    import type { A } from "./a.ts";
    import { type B,
      b } from '../postgres/b.ts';
    import * as all from "../../local/c.ts";
    export { d } from "./d.ts";
    import "./e.ts";
    const f = await import("./f.ts");`;
  expect(importsIn(source, "lambda/masking/x.ts").map(({ to }) => to)).toEqual([
    "pg",
    "lambda/masking/a.ts",
    "lambda/postgres/b.ts",
    "local/c.ts",
    "lambda/masking/d.ts",
    "lambda/masking/e.ts",
    "lambda/masking/f.ts",
  ]);
});
