import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Files are made as if they went here and written elsewhere: source maps then hold the same paths wherever that is. */
const NOMINAL = join(ROOT, "out");

/** How every function is bundled; the benchmark bundles what it compares with alike. */
export const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: "node",
  target: "node24",
  mainFields: ["module", "main"],
  // Loaded only by those who ask for the native client.
  external: ["pg-native"],
  minify: true,
  // Or the names of functions in stack frames would be lost.
  keepNames: true,
  sourcemap: "linked",
  sourcesContent: false,
  logLevel: "error",
} satisfies BuildOptions;

const FUNCTIONS: Readonly<Record<"ingest" | "migrate", { code: BuildOptions; sql: readonly string[] }>> = {
  // Handler `index.handler`. CommonJS starts faster: `import` of node:http would load undici as well; the library that calls AWS
  // imports it only when it is needed, which is turned into `require`, too.
  ingest: {
    code: { entryPoints: ["lambda/functions/ingest.ts"], outfile: "out/index.js", format: "cjs", supported: { "dynamic-import": false } },
    sql: [],
  },
  // Handler `schema/index.handler`, as deep as lambda/schema/folders.ts, which finds its SQL by its own place.
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
 * @param folder is emptied first, and made where it is missing
 * @returns esbuild's account of what the code is made of
 */
export async function bundle(fn: "ingest" | "migrate", folder: string): Promise<{ metafile: Metafile }> {
  const { code, sql } = FUNCTIONS[fn];
  // What an earlier bundle or somebody left there would be deployed, too.
  await rm(folder, { recursive: true, force: true });
  const { outputFiles, metafile } = await build({ ...COMMON, ...code, write: false, metafile: true });
  for (const { path, contents } of outputFiles) await write(join(folder, relative(NOMINAL, path)), contents);
  for (const place of sql) await copySql(join(ROOT, "lambda", place), join(folder, place));
  return { metafile };
}

/** An asset is zipped without its empty folders, so one without SQL is not made. */
async function copySql(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch(() => []);
  for (const name of names) if (name.endsWith(".sql")) await write(join(to, name), await readFile(join(from, name)));
}

async function write(path: string, contents: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}
