import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { describe, expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "../..");

interface Import {
  readonly from: string;
  /** A path from the root of the repository, or the name of a package. */
  readonly to: string;
  readonly names: string;
  /** `import type …`: it is gone at run time. */
  readonly isType: boolean;
}

/** `import … from`, `export … from`, a bare `import "…"` and `import("…")`, also over several lines. */
const IMPORT = /\b(?:import|export)\s+(type\s+)?([^"'`;]*?)\s*from\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g;

function parseImports(source: string, from: string): Import[] {
  return [...source.matchAll(IMPORT)].map(([, type, names = "", spaced, bare]) => {
    const target = spaced ?? bare ?? "";
    return { from, to: target.startsWith(".") ? posix(normalize(join(dirname(from), target))) : target, names, isType: type !== undefined };
  });
}

const posix = (path: string) => path.replaceAll(sep, "/");
const sources = (folder: string) => globSync(`${folder}/**/*.{ts,mts,mjs,js}`, { cwd: ROOT }).map(posix).sort();
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const readImports = (folder: string) => sources(folder).flatMap((file) => parseImports(read(file), file));
const arrows = (imports: Import[]) => imports.map(({ from, to }) => `${from} → ${to}`);

/** Imports of a folder that lead into one of the others. */
const findImports = (folder: string, ...into: string[]) =>
  arrows(readImports(folder).filter(({ to }) => into.some((room) => to === room || to.startsWith(`${room}/`))));

describe("imports go one way", () => {
  test("the function imports nothing that runs, measures, deploys or tests it", () => {
    expect(findImports("lambda", "local", "infra", "bench", "test", "events")).toEqual([]);
    expect(findImports("lambda", "lambda").length).toBeGreaterThan(50);
  });

  test("the command line tool imports the function, but no tests, benchmark or stacks", () => {
    expect(findImports("local", "test", "bench", "infra")).toEqual([]);
    expect(findImports("local", "lambda")).not.toEqual([]);
  });

  test("the stacks import only the function's names and pipelines, so that synth loads no driver", () => {
    const known = /^lambda\/(names\.ts|pipelines\/.*)$/;
    expect(arrows(readImports("infra").filter(({ to }) => to.startsWith("lambda/") && !known.test(to)))).toEqual([]);
    expect(findImports("infra", "local", "bench", "test", "events")).toEqual([]);
    expect(findImports("infra", "lambda/names.ts")).not.toEqual([]);
  });

  test("the benchmark imports only the function, its bundler and the command line tool", () => {
    expect(findImports("bench", "infra", "test", "events").filter((arrow) => !arrow.endsWith(" → infra/bundle.ts"))).toEqual([]);
  });

  test("masking imports neither Postgres nor the stages", () => {
    expect(findImports("lambda/masking", "lambda/postgres", "lambda/ingest", "pg")).toEqual([]);
    expect(findImports("lambda/masking", "lambda")).not.toEqual([]);
  });

  test("the stages and Postgres share only the rows: ingest → rows ← postgres", () => {
    expect(findImports("lambda/ingest", "lambda/postgres", "lambda/schema", "pg")).toEqual([]);
    expect(findImports("lambda/postgres", "lambda/ingest")).toEqual([]);
    expect(findImports("lambda/rows", "lambda").filter((arrow) => !/ → lambda\/(rows\/.*|deadline\.ts)$/.test(arrow))).toEqual([]);
    for (const room of ["lambda/ingest", "lambda/postgres"]) expect(findImports(room, "lambda/rows")).not.toEqual([]);
  });

  test("the stages name no SQLSTATE and no error type of Postgres", () => {
    const knowing = sources("lambda/ingest").filter((file) => /[sS]qlstate|SQLSTATE|DatabaseError|["'][0-9A-Z]{5}["']/.test(read(file)));
    expect(knowing).toEqual([]);
  });

  test("the pure stages import neither effects nor the environment", () => {
    const pure = ["route", "read-event", "read-value", "parse", "mask", "row-key", "key-order", "report", "unknown-fields"].map(
      (stage) => `lambda/ingest/${stage}.ts`,
    );
    const impure = readImports("lambda/ingest").filter(
      ({ from, to }) =>
        pure.includes(from) && !/^(lambda\/(ingest|masking|pipelines|rows)\/.*|aws-lambda|lambda\/(errors|dates)\.ts)$/.test(to),
    );
    expect(arrows(impure)).toEqual([]);
    expect(sources("lambda/ingest")).toEqual(expect.arrayContaining(pure));
  });

  test("the names that the stacks share with the function import nothing", () => {
    expect(parseImports(read("lambda/names.ts"), "lambda/names.ts")).toEqual([]);
  });
});

describe("in the function", () => {
  test("only masking and the counter of unknown fields open personal values", () => {
    const openers = [...readImports("lambda"), ...readImports("local")].filter(
      ({ to, names }) => /masking\/sensitive/.test(to) && /\breveal\b|\*/.test(names),
    );
    expect(openers.map(({ from }) => from)).toEqual(["lambda/ingest/mask.ts", "lambda/ingest/unknown-fields.ts"]);
  });

  test("only the masking stage makes a row that can be stored", () => {
    const makers = ["lambda", "local", "bench"]
      .flatMap(readImports)
      .filter(({ to, isType }) => to === "lambda/rows/masked-row.ts" && !isType);
    expect(makers.map(({ from }) => from)).toEqual(["lambda/ingest/mask.ts"]);
  });

  test("no module exports the opener of personal values again", () => {
    const handed = sources("lambda").filter((file) => /export\s*(\*|\{[^}]*\breveal\b)/.test(read(file)));
    expect(handed).toEqual([]);
  });

  test("only the entries read the environment, and pass it on", () => {
    expect(
      sources("lambda").filter((file) => /\bprocess(\?\.|\.)env\b|\bprocess\[|\{[^}]*\} = process\b|["']node:process["']/.test(read(file))),
    ).toEqual(["lambda/functions/ingest.ts", "lambda/functions/migrate.ts"]);
    expect(read("lambda/functions/ingest.ts")).toContain("readConfig(process.env)");
  });

  test("no module writes to the console: all output goes through the reporter", () => {
    expect(sources("lambda").filter((file) => /\bconsole\.\w+\(/.test(read(file)))).toEqual([]);
  });
});

test("every form of import is found", () => {
  const source = `import pg from "pg";
    import type { A } from "./a.ts";
    import { type B,
      b } from '../postgres/b.ts';
    import * as all from "../../local/c.ts";
    export { d } from "./d.ts";
    import "./e.ts";
    const f = await import("./f.ts");`;
  expect(parseImports(source, "lambda/masking/x.ts").map(({ to }) => to)).toEqual([
    "pg",
    "lambda/masking/a.ts",
    "lambda/postgres/b.ts",
    "local/c.ts",
    "lambda/masking/d.ts",
    "lambda/masking/e.ts",
    "lambda/masking/f.ts",
  ]);
});

test("an import that is gone at run time is told from others, whatever it names", () => {
  const source = `import type { Row } from "./a.ts"; import { type Row, make } from "./b.ts"; import { Row as R } from "./c.ts"; import * as d from "./d.ts";`;
  expect(parseImports(source, "lambda/x.ts").map(({ isType }) => isType)).toEqual([true, false, false, false]);
});
