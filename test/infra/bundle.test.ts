import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Metafile } from "esbuild";
import { bundle } from "../../infra/bundle.ts";

type Name = "ingest" | "migrate";
type Files = Record<string, string>;

const ROOT = join(import.meta.dirname, "../..");
/** For a fast start; the function alone, without its source map. */
const MAX_BYTES = 200_000;

let folder: string;
const made = {} as Record<Name, { files: Files; metafile: Metafile }>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "masqueue-bundle-"));
  for (const name of ["ingest", "migrate"] as const) made[name] = await bundled(name, join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function bundled(name: Name, to: string): Promise<{ files: Files; metafile: Metafile }> {
  const { metafile } = await bundle(name, to);
  const paths = globSync("**", { cwd: to, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = paths.map((entry) => join(entry.parentPath, entry.name)).sort();
  return { metafile, files: Object.fromEntries(files.map((file) => [file.slice(to.length + 1), readFileSync(file, "latin1")])) };
}

const code = ({ metafile }: { metafile: Metafile }) => {
  const [output] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint);
  if (!output) throw new Error("no output");
  return output;
};

describe("the bundle", () => {
  test("is one file of code and its source map for ingest", () => {
    expect(Object.keys(made.ingest.files)).toEqual(["index.js", "index.js.map"]);
  });

  test("is the code and every SQL file, where the code looks for it, for migrate", () => {
    const sql = ["schema/sql/migrations", "schema/sql/roles", "schema/sql/grants", "custom/migrations", "custom/grants"].flatMap((place) =>
      globSync(`${place}/*.sql`, { cwd: join(ROOT, "lambda") }),
    );
    expect(sql.length).toBeGreaterThan(4);
    expect(Object.keys(made.migrate.files).sort()).toEqual(["schema/index.mjs", "schema/index.mjs.map", ...sql].sort());
    for (const file of sql) expect(made.migrate.files[file]).toBe(readFileSync(join(ROOT, "lambda", file), "latin1"));
  });

  test.each(["ingest", "migrate"] as const)("is the same, byte for byte, in any folder: %s", async (name) => {
    const elsewhere = await bundled(name, join(folder, "some", "other place", name));
    expect(elsewhere.files).toEqual(made[name].files);
  });

  test("holds no file that was in its folder before", async () => {
    const again = join(folder, "used");
    mkdirSync(again);
    writeFileSync(join(again, "notes.env"), "SECRET=1");
    expect((await bundled("ingest", again)).files).toEqual(made.ingest.files);
  });

  test("holds no source, and keeps the names that stack frames show", () => {
    const map = JSON.parse(made.ingest.files["index.js.map"] ?? "{}") as { sourcesContent?: unknown[] };
    expect((map.sourcesContent ?? []).filter((source) => source !== null)).toEqual([]);
    expect(made.ingest.files["index.js"]).toContain('"ingestBatch"');
  });

  test("holds no SQL file that was deleted since the last bundle", async () => {
    const again = join(folder, "again");
    for (const place of ["schema/sql/migrations", "custom/grants"]) {
      mkdirSync(join(again, place), { recursive: true });
      writeFileSync(join(again, place, "000_gone.sql"), "");
    }
    expect((await bundled("migrate", again)).files).toEqual(made.migrate.files);
  });

  test.each(["ingest", "migrate"] as const)("reveals nothing of the machine that built it: %s", (name) => {
    expect(Object.values(made[name].files).join("")).not.toContain(ROOT);
    const map = JSON.parse(Object.entries(made[name].files).find(([file]) => file.endsWith(".map"))?.[1] ?? "{}") as { sources: string[] };
    expect(map.sources).toContain(name === "ingest" ? "../lambda/functions/ingest.ts" : "../../lambda/functions/migrate.ts");
  });

  test("imports nothing while ingest runs: an import of node:http would load undici, too", () => {
    expect(code(made.ingest).imports.filter(({ kind }) => kind === "dynamic-import")).toEqual([]);
    expect(made.ingest.files["index.js"]).not.toMatch(/\bimport\(/);
  });

  test.each(["ingest", "migrate"] as const)("imports nothing that Node does not have: %s", (name) => {
    const wanted = code(made[name]).imports.map(({ path }) => path.replace(/^node:/, ""));
    expect(wanted.filter((path) => !builtinModules.includes(path) && path !== "pg-native")).toEqual([]);
  });
});

test(`the function has at most ${MAX_BYTES} bytes`, () => {
  const { bytes, inputs } = code(made.ingest);
  const largest = Object.entries(inputs).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput);
  const lines = largest.slice(0, 5).map(([path, { bytesInOutput }]) => `${String(bytesInOutput).padStart(8)}  ${path}`);
  process.stdout.write(`ingest/index.js has ${bytes} bytes. Its five largest inputs:\n${lines.join("\n")}\n`);
  expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
});
