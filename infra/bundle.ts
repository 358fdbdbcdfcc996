import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** esbuild builds for this folder, and the files are written to another: so source maps contain the same paths in any folder. */
const NOMINAL = join(ROOT, "out");

/** The options of every bundle; the benchmark bundles its baselines with them, too. */
export const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: "node",
  target: "node24",
  mainFields: ["module", "main"],
  // Loaded only with the native client, which is not used.
  external: ["pg-native"],
  minify: true,
  // Otherwise stack frames would lose the names of functions.
  keepNames: true,
  sourcemap: "linked",
  sourcesContent: false,
  logLevel: "error",
} satisfies BuildOptions;

const FUNCTIONS: Readonly<Record<"ingest" | "migrate", { code: BuildOptions; sql: readonly string[] }>> = {
  // Handler `index.handler`. CommonJS starts faster: an `import` of node:http would load undici as well. The library that calls AWS
  // imports it when it is first needed; that becomes `require`, too.
  ingest: {
    code: { entryPoints: ["lambda/functions/ingest.ts"], outfile: "out/index.js", format: "cjs", supported: { "dynamic-import": false } },
    sql: [],
  },
  // Handler `schema/index.handler`, as deep as lambda/schema/folders.ts, which finds the SQL relative to itself.
  migrate: {
    code: {
      entryPoints: ["lambda/functions/migrate.ts"],
      outfile: "out/schema/index.mjs",
      format: "esm",
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    },
    sql: ["schema/sql/migrations", "schema/sql/roles", "schema/sql/grants", "custom/migrations", "custom/grants"],
  },
};

/**
 * Writes what Lambda unpacks: one file of code, its source map and, for `migrate`, the SQL.
 * The same sources give the same bytes, so that a deployment without a change replaces no function.
 * @param folder is emptied first, and created if it is missing
 * @returns esbuild's metafile, which lists the inputs
 */
export async function bundle(fn: "ingest" | "migrate", folder: string): Promise<{ metafile: Metafile }> {
  const { code, sql } = FUNCTIONS[fn];
  // Files of an earlier bundle would be deployed, too.
  await rm(folder, { recursive: true, force: true });
  const { outputFiles, metafile } = await build({ ...COMMON, ...code, write: false, metafile: true });
  for (const { path, contents } of outputFiles) await write(join(folder, relative(NOMINAL, path)), contents);
  for (const place of sql) await copySql(join(ROOT, "lambda", place), join(folder, place));
  return { metafile };
}

/** Creates no folder without SQL: an asset is zipped without empty folders. */
async function copySql(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch(() => []);
  for (const name of names) if (name.endsWith(".sql")) await write(join(to, name), await readFile(join(from, name)));
}

async function write(path: string, contents: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}
